import type { Change, CurrentSchedule, DesiredSchedule } from '../../client/index.js';
import { nextFireTimes } from '../../schedules/times/fire-times.js';
import { leftOutWords, timesLeftOut } from '../../schedules/times/left-out.js';
import { cronWords } from '../../schedules/words.js';
import { wallText, zoneOf } from '../../schedules/times/zone.js';
import { columns } from '../../text/columns.js';
import type { tableLines } from '../terminal/table.js';
import { counted } from '../../shared/counts.js';

/** What to plan, and the folder to which relative paths of it belong. */
export interface GivenPaths {
  paths: string[];
  folder: string;
}

/** The paths of a command line; without any, the project's `configs/`. */
export function pathsToPlan(paths: readonly string[], root: string): GivenPaths {
  return paths.length === 0
    ? { paths: ['configs'], folder: root }
    : { paths: [...paths], folder: process.cwd() };
}

/** How many fire times are shown. */
const shownTimes = 5;
/** Up to so many unchanged schedules are shown one by one. */
const shownUnchanged = 20;
/** What clocks do is looked at so far ahead, in milliseconds. */
const aYear = 366 * 86_400_000;

/** Whether `schedule apply` would do something. */
export function isPending({ kind }: Change): boolean {
  return kind === 'create' || kind === 'update' || kind === 'delete';
}

/** How a change is marked, and what was done when it is made. */
export function signOf({ kind }: Change): { sign: string; past: string } {
  switch (kind) {
    case 'create':
      return { sign: '+', past: 'created' };
    case 'update':
      return { sign: '~', past: 'updated' };
    case 'delete':
      return { sign: '-', past: 'deleted' };
    case 'unchanged':
      return { sign: '=', past: 'unchanged' };
    case 'left':
      return { sign: ' ', past: 'left' };
  }
}

/**
 * A plan, for a person.
 * @param options `apply`: the command that does it
 */
export function planLines(
  changes: readonly Change[],
  { now, apply }: { now: Date; apply: string },
): string[] {
  const unchanged = changes.filter(({ kind }) => kind === 'unchanged');
  const isShort = unchanged.length <= shownUnchanged;
  const shown = changes.filter(({ kind }) => isShort || kind !== 'unchanged');
  const heads = columns(shown.map((change) => headOf(change)));
  const lines = shown.flatMap((change, index) => [heads[index] ?? '', ...detailsOf(change, now)]);
  if (!isShort) lines.push(`= ${unchanged.length} unchanged`);
  const pending = changes.filter(isPending).length;
  lines.push(
    pending === 0
      ? `Nothing to change: ${counted(unchanged.length, 'schedule')} as they should be.`
      : `${counted(pending, 'change')}. Apply with ${apply}`,
  );
  return lines;
}

function headOf(change: Change): string[] {
  const { sign } = signOf(change);
  const { name, kind } = change;
  switch (change.kind) {
    case 'create':
    case 'update':
    case 'unchanged':
      return [sign, name, kind, `${cronText(change.desired)}  ${change.desired.timezone}`];
    case 'delete':
    case 'left':
      return [sign, name, kind, change.why];
  }
}

function detailsOf(change: Change, now: Date): string[] {
  switch (change.kind) {
    case 'create':
      return [nextLine(change.desired, now), ...leftOutLine(change.desired, now)];
    case 'update':
      return [
        ...change.fields.map(({ field, old, new: wanted }) => `    ${field}  ${old} → ${wanted}`),
        ...(change.current.isEdited ? ['    it was changed by hand since the last apply'] : []),
        ...pausedLine(change.current, change.desired),
        nextLine(change.desired, now),
        ...leftOutLine(change.desired, now),
      ];
    case 'unchanged':
      return [...pausedLine(change.current, change.desired), nextLine(change.desired, now)];
    case 'delete':
    case 'left':
      return [];
  }
}

/** Applying does not resume what a person paused. */
function pausedLine(current: CurrentSchedule, { paused }: DesiredSchedule): string[] {
  if (!(paused ?? current.paused)) return [];
  return [`    paused, and stays so${current.note === null ? '' : `: ${current.note}`}`];
}

function nextLine(desired: DesiredSchedule, now: Date): string {
  const words = desired.crons.map((cron) => cronWords(cron)).join('; ');
  const zone = zoneOf(desired.timezone);
  let day = '';
  const times = nextTimes(desired, now).map((time) => {
    const text = wallText(zone, time);
    const shown = text.startsWith(day) && day !== '' ? text.slice(11) : text;
    day = text.slice(0, 10);
    return shown;
  });
  return `    ${words}; next ${times.join(', ')}`;
}

/** Temporal's own rule where clocks go back; see docs/schedules.md. */
function leftOutLine(desired: DesiredSchedule, now: Date): string[] {
  const times = leftOutSoon(desired, now);
  if (times.length === 0) return [];
  return [`    as clocks go back, Temporal starts no run at ${leftOutWords(times)}`];
}

function leftOutSoon(desired: DesiredSchedule, from: Date): Date[] {
  return timesLeftOut(desired, { from, to: new Date(from.getTime() + aYear) });
}

function nextTimes({ crons, timezone }: DesiredSchedule, after: Date): Date[] {
  const calendars = crons.flatMap((cron) => cron.calendars);
  return nextFireTimes(calendars, zoneOf(timezone), { after, count: shownTimes });
}

function cronText({ crons }: Pick<DesiredSchedule, 'crons'>): string {
  return crons.map(({ text }) => text).join(', ');
}

/** A change, for a program. */
export function changeDocument(change: Change, now: Date): Record<string, unknown> {
  const { kind, name, config } = change;
  const asked = 'desired' in change ? change.desired : undefined;
  const current = 'current' in change ? change.current : undefined;
  return {
    kind,
    name,
    config,
    ...(asked && {
      cron: asked.crons.map(({ text }) => text),
      words: asked.crons.map((cron) => cronWords(cron)),
      timezone: asked.timezone,
      next: nextTimes(asked, now),
    }),
    ...((change.kind === 'create' || change.kind === 'update') && {
      left_out: leftOutSoon(change.desired, now),
    }),
    ...(change.kind === 'update' && { fields: change.fields }),
    ...(current && { edited: current.isEdited, paused: current.paused, note: current.note }),
    ...('why' in change && { why: change.why }),
  };
}

/** A schedule of the server, for a program. */
export function scheduleDocument(schedule: CurrentSchedule): Record<string, unknown> {
  const { info } = schedule.description;
  const last = info.recentActions.at(-1);
  return {
    name: schedule.name,
    pipeline: schedule.pipeline,
    config: schedule.config,
    cron: schedule.crons.map(({ text }) => text),
    timezone: schedule.timezone,
    paused: schedule.paused,
    note: schedule.note,
    edited: schedule.isEdited,
    next: info.nextActionTimes,
    last:
      last === undefined
        ? null
        : { workflow_id: last.action.workflow.workflowId, at: last.takenAt },
    running: info.runningActions.length,
    started: info.numActionsTaken,
    missed: info.numActionsMissedCatchupWindow,
    skipped: info.numActionsSkippedOverlap,
  };
}

/** Schedules of the server as a table's head and rows. */
export function scheduleRows(schedules: readonly CurrentSchedule[]): Parameters<typeof tableLines> {
  return [
    [
      { title: 'schedule' },
      { title: 'state' },
      { title: 'cron' },
      { title: 'zone' },
      { title: 'next' },
      { title: 'started', align: 'right' },
      { title: 'skipped', align: 'right' },
      { title: 'missed', align: 'right' },
      { title: 'config' },
    ],
    schedules.map((schedule) => {
      const { info } = schedule.description;
      const [next] = info.nextActionTimes;
      const state = schedule.paused ? 'paused' : 'active';
      return [
        schedule.name,
        schedule.isEdited ? `${state}, edited` : state,
        cronText(schedule),
        schedule.timezone,
        next === undefined || schedule.paused ? '' : wallText(zoneOf(schedule.timezone), next),
        String(info.numActionsTaken),
        String(info.numActionsSkippedOverlap),
        String(info.numActionsMissedCatchupWindow),
        schedule.config,
      ];
    }),
  ];
}
