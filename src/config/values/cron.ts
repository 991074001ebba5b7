import { nearMiss } from './near-miss.js';
import { own, shortened } from './values.js';

/** Wall-clock times of one zone: a minute belongs to it if all five of its fields are listed. */
export interface Calendar {
  minute: readonly number[];
  hour: readonly number[];
  dayOfMonth: readonly number[];
  /** From 1. */
  month: readonly number[];
  /** From 0, Sunday. */
  dayOfWeek: readonly number[];
}

/** What a cron means, or what is wrong with it. */
export type ReadCron = { calendars: Calendar[] } | { problem: string };

type Field = keyof Calendar;

interface FieldRule {
  field: Field;
  /** As people call it. */
  name: string;
  least: number;
  most: number;
  /** Names of the values, from `least` on. */
  names: readonly string[];
}

const months =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const days = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

const rules: readonly FieldRule[] = [
  { field: 'minute', name: 'minute', least: 0, most: 59, names: [] },
  { field: 'hour', name: 'hour', least: 0, most: 23, names: [] },
  { field: 'dayOfMonth', name: 'day of month', least: 1, most: 31, names: [] },
  { field: 'month', name: 'month', least: 1, most: 12, names: months },
  { field: 'dayOfWeek', name: 'day of week', least: 0, most: 7, names: days },
];

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Temporal keeps at most so many characters of a calendar's comment, which holds the cron. */
const longest = 200;

/**
 * Reads a cron of five fields, as crontab(5) and Cloud Scheduler mean it. What Temporal's server
 * would read otherwise (a sixth field as the year, what follows `#` as a comment) is refused.
 *
 * If both day of month and day of week are restricted, a day fits if either does: two calendars.
 */
export function readCron(text: string): ReadCron {
  const wrong = (what: string): ReadCron => ({ problem: `\`${shortened(text, 800)}\`${what}` });
  const whole = (own(macros, text.trim()) ?? text).trim();
  const fields = whole.slice(0, longest + 1).split(/\s+/);
  const form = formProblem(whole, fields);
  if (form !== undefined) return wrong(form);
  const listed: Partial<Record<Field, number[]>> = {};
  for (const [index, rule] of rules.entries()) {
    const read = readField(fields[index] ?? '', rule);
    if (typeof read === 'string') return wrong(`: ${rule.name} ${read}`);
    listed[rule.field] = read;
  }
  const calendar = listed as Calendar;
  const [, , dayOfMonth = '', , dayOfWeek = ''] = fields;
  // As in crontab(5): a field that begins with `*` restricts nothing by itself.
  const isEither = !dayOfMonth.startsWith('*') && !dayOfWeek.startsWith('*');
  if (!isEither && !canHappen(calendar)) {
    return wrong(': never happens: no month that it names has such a day');
  }
  return {
    calendars: isEither
      ? [
          ...(canHappen(calendar) ? [{ ...calendar, dayOfWeek: span(0, 6, 1) }] : []),
          { ...calendar, dayOfMonth: span(1, 31, 1) },
        ]
      : [calendar],
  };
}

function formProblem(text: string, fields: readonly string[]): string | undefined {
  if (text.length > longest) return `: has ${text.length} characters, allowed ${longest}`;
  if (/^(CRON_)?TZ=/.test(text)) return ': a cron names no time zone; set `timezone` beside it';
  if (text.startsWith('@every')) {
    return ': `@every` is not allowed, as it counts from 1970 in UTC; write five fields, such as `0 */2 * * *`';
  }
  if (text.startsWith('@')) {
    const known = Object.keys(macros);
    const near = nearMiss(text, known);
    const meant = near === undefined ? '' : ` did you mean \`${near}\`?`;
    return `: unknown word;${meant} allowed ${known.join(', ')}`;
  }
  if (text.includes('#')) return ': `#` is not allowed: Temporal takes what follows for a comment';
  if (fields.length === 5) return undefined;
  const form = 'a cron has five: minute, hour, day of month, month, day of week';
  const seconds = fields.length > 5 ? '; seconds and years do not exist' : '';
  const count =
    text === '' ? 'no field' : fields.length === 1 ? '1 field' : `${fields.length} fields`;
  return `: has ${count}; ${form}${seconds}`;
}

/** The values that a field lists, or what is wrong with it. */
function readField(text: string, rule: FieldRule): number[] | string {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const read = readPart(part, rule);
    if (typeof read === 'string') return read;
    for (const value of read) values.add(rule.field === 'dayOfWeek' ? value % 7 : value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function readPart(part: string, rule: FieldRule): number[] | string {
  const { least, most } = rule;
  const match = /^(\*|[A-Za-z\d]+)(?:-([A-Za-z\d]+))?(?:\/(\d+))?$/.exec(part);
  const [, first = '', last, stepText] = match ?? [];
  if (match === null || (first === '*' && last !== undefined)) {
    return `is ${part === '' ? 'empty' : `\`${part}\``}, allowed ${allowed(rule)}`;
  }
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step > most) return `is \`${part}\`: its step is ${step}, allowed 1-${most}`;
  if (first === '*') return span(least, rule.field === 'dayOfWeek' ? 6 : most, step);
  const from = valueOf(first, rule);
  const to = last === undefined ? from : valueOf(last, rule);
  if (from === undefined) return outside(first, rule);
  if (to === undefined) return outside(last ?? first, rule);
  if (last === undefined && stepText !== undefined) {
    return `is \`${part}\`, which not every cron reads alike; write ${from}-${rule.field === 'dayOfWeek' ? 6 : most}/${step}`;
  }
  if (to < from) {
    return to === 0 && rule.field === 'dayOfWeek'
      ? `is \`${part}\`, which ends before it begins; write ${from}-7`
      : `is \`${part}\`, which ends before it begins; write ${from}-${most},${least}-${to}`;
  }
  return span(from, to, step);
}

function valueOf(text: string, { least, most, names }: FieldRule): number | undefined {
  const word = text.toLowerCase();
  const named = names.findIndex((name) => name === word || name.slice(0, 3) === word);
  if (named >= 0) return least + named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : undefined;
}

function outside(text: string, rule: FieldRule): string {
  const short = rule.names.map((name) => name.slice(0, 3).toUpperCase());
  const near = /^[A-Za-z]/.test(text) ? nearMiss(text, [...short, ...rule.names]) : undefined;
  const meant = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return `is ${text}, allowed ${allowed(rule)}${meant}`;
}

function allowed({ least, most, names }: FieldRule): string {
  const [first, last] = [names[0], names.at(-1)].map((name) => name?.slice(0, 3).toUpperCase());
  return `${least}-${most}${first === undefined ? '' : ` or ${first}-${last ?? ''}`}`;
}

function canHappen({ month, dayOfMonth }: Calendar): boolean {
  return month.some((number) => dayOfMonth.some((day) => day <= daysOf(number)));
}

/** Of a month in a leap year. */
function daysOf(month: number): number {
  return new Date(Date.UTC(2000, month, 0)).getUTCDate();
}

function span(from: number, to: number, step: number): number[] {
  return Array.from(
    { length: Math.floor((to - from) / step) + 1 },
    (_, index) => from + index * step,
  );
}
