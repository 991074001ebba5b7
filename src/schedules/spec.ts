import type {
  CalendarSpec,
  CalendarSpecDescription,
  ScheduleSpecDescription,
} from '@temporalio/client';
import { readCron, type Calendar } from '../config/values/cron.js';
import type { Cron } from './schedule.js';

const months = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const days = [
  'SUNDAY',
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
] as const;

/** Numbers that follow one another at one distance. */
interface Run<Unit> {
  start: Unit;
  end: Unit;
  step: number;
}

/** The calendars that the server matches for a cron; each carries the cron's text as its comment. */
export function calendarSpecs({ text, calendars }: Cron): CalendarSpec[] {
  return calendars.map((calendar) => ({
    comment: text,
    minute: runsOf(calendar.minute),
    hour: runsOf(calendar.hour),
    dayOfMonth: runsOf(calendar.dayOfMonth),
    month: runsOf(calendar.month).map(({ start, end, step }) => ({
      start: months[start - 1] ?? 'JANUARY',
      end: months[end - 1] ?? 'DECEMBER',
      step,
    })),
    dayOfWeek: runsOf(calendar.dayOfWeek).map(({ start, end, step }) => ({
      start: days[start] ?? 'SUNDAY',
      end: days[end] ?? 'SATURDAY',
      step,
    })),
  }));
}

/** What a schedule of the server matches, as crons; null if five fields cannot say it. */
export function cronsOf(spec: ScheduleSpecDescription): Cron[] | null {
  const crons: { text: string; calendars: Calendar[] }[] = [];
  for (const described of spec.calendars ?? []) {
    const calendar = calendarOf(described);
    if (calendar === null) return null;
    const comment = described.comment ?? '';
    const last = crons.at(-1);
    if (last !== undefined && comment !== '' && last.text === comment)
      last.calendars.push(calendar);
    else crons.push({ text: comment, calendars: [calendar] });
  }
  return crons.map((cron) => (isMeaning(cron) ? cron : { ...cron, text: textOf(cron.calendars) }));
}

/** Equal for calendars of equal times, whatever their order and wording. */
export function meaningOf(crons: readonly Cron[]): string {
  const calendars = crons.flatMap(({ calendars }) => calendars);
  return calendars
    .map(({ minute, hour, dayOfMonth, month, dayOfWeek }) =>
      [minute, hour, dayOfMonth, month, dayOfWeek].map((values) => values.join()).join(' '),
    )
    .toSorted()
    .join('|');
}

/** Whether the text of a cron, which somebody may have left behind, says what it matches. */
function isMeaning({ text, calendars }: Cron): boolean {
  const read = readCron(text);
  if ('problem' in read) return false;
  return meaningOf([{ text, calendars: read.calendars }]) === meaningOf([{ text, calendars }]);
}

function calendarOf(described: CalendarSpecDescription): Calendar | null {
  const isWhole = described.second.every(({ start, end }) => start === 0 && end === 0);
  if (!isWhole || described.second.length === 0 || described.year.length > 0) return null;
  return {
    minute: valuesOf(described.minute),
    hour: valuesOf(described.hour),
    dayOfMonth: valuesOf(described.dayOfMonth),
    month: valuesOf(
      described.month.map(({ start, end, step }) => ({
        start: months.indexOf(start) + 1,
        end: months.indexOf(end) + 1,
        step,
      })),
    ),
    dayOfWeek: valuesOf(
      described.dayOfWeek.map(({ start, end, step }) => ({
        start: days.indexOf(start),
        end: days.indexOf(end),
        step,
      })),
    ),
  };
}

function valuesOf(runs: readonly Run<number>[]): number[] {
  const values = new Set<number>();
  for (const { start, end, step } of runs) {
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function runsOf(values: readonly number[]): Run<number>[] {
  const runs: Run<number>[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    const isFirstStep = last !== undefined && last.start === last.end;
    if (last !== undefined && (isFirstStep || value - last.end === last.step)) {
      if (isFirstStep) last.step = value - last.end;
      last.end = value;
    } else runs.push({ start: value, end: value, step: 1 });
  }
  return runs;
}

function textOf(calendars: readonly Calendar[]): string {
  return calendars
    .map(({ minute, hour, dayOfMonth, month, dayOfWeek }) =>
      [
        fieldText(minute, 60),
        fieldText(hour, 24),
        fieldText(dayOfMonth, 31),
        fieldText(month, 12),
        fieldText(dayOfWeek, 7),
      ].join(' '),
    )
    .join(' | ');
}

function fieldText(values: readonly number[], all: number): string {
  if (values.length === all) return '*';
  return runsOf(values)
    .map(({ start, end, step }) => {
      if (start === end) return `${start}`;
      if (end === start + step) return `${start},${end}`;
      return `${start}-${end}${step === 1 ? '' : `/${step}`}`;
    })
    .join(',');
}
