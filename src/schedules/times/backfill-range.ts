import { fireTimes } from './fire-times.js';
import type { CurrentSchedule } from '../schedule.js';
import { zoneOf, type Zone } from './zone.js';

/** A time that is over: `from` belongs to it, `to` does not. */
export interface Range {
  from: Date;
  to: Date;
}

/** The times at which a schedule has, or would have had, its runs; at most so many. */
export function timesIn(
  { crons, timezone }: Pick<CurrentSchedule, 'crons' | 'timezone'>,
  { from, to }: Range,
  most = Infinity,
): Date[] {
  const times: Date[] = [];
  const calendars = crons.flatMap((cron) => cron.calendars);
  for (const time of fireTimes(calendars, zoneOf(timezone), new Date(from.getTime() - 1000))) {
    if (time >= to || times.length >= most) break;
    if (time >= from) times.push(time);
  }
  return times;
}

/**
 * The range to ask the server for. Servers differ in whether its start belongs to it, and they compare
 * times with their jitter; so it begins just before the first time and ends just before the first one that
 * does not belong to it.
 */
export function backfillRange(
  { crons, timezone }: Pick<CurrentSchedule, 'crons' | 'timezone'>,
  { from, to }: Range,
): { start: Date; end: Date } {
  const calendars = crons.flatMap((cron) => cron.calendars);
  const firstAt = (time: Date): Date | undefined =>
    fireTimes(calendars, zoneOf(timezone), new Date(time.getTime() - 1)).next().value ?? undefined;
  const first = firstAt(from) ?? from;
  const near = new Date(first.getTime() - 500);
  // In an hour that clocks show again, what comes next depends on where one begins.
  const isSame = firstAt(near)?.getTime() === first.getTime();
  return {
    start: isSame ? near : new Date(from.getTime() - 1),
    end: new Date((firstAt(to) ?? to).getTime() - 1),
  };
}

/**
 * Reads a time of the command line: with its own offset (`2026-11-01T03:00Z`), else as clocks of the
 * schedule's zone show it (`2026-11-01T03:00`, `2026-11-01`); undefined if it is none.
 */
export function timeOf(text: string, zone: Zone): Date | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:\d{2})?$/.exec(
      text,
    );
  const [, day, clock = '00:00', offset] = match ?? [];
  if (day === undefined) return undefined;
  const wall = Date.parse(`${day}T${clock}Z`);
  // `2026-02-30` would be read as a day of March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(day)) return undefined;
  if (offset !== undefined) {
    const time = Date.parse(`${day}T${clock}${offset}`);
    return Number.isNaN(time) ? undefined : new Date(time);
  }
  const time = zone.timeAt(wall);
  return zone.wallAt(time).getTime() === wall ? new Date(time) : undefined;
}
