import type { Calendar } from '../../config/values/cron.js';
import { isRepeatedHour, type Zone } from './zone.js';

const hour = 3_600_000;
const minute = 60_000;
/** Temporal's scheduler looks no further. */
const lastYear = 2100;

/**
 * The times after a time at which Temporal starts runs, before jitter, the earliest first.
 *
 * It answers as the server does (temporalio/temporal, service/worker/scheduler/calendar.go), also in
 * the hours in which clocks are moved; docs/schedules.md says what that is. A test asks the server.
 */
export function* fireTimes(
  calendars: readonly Calendar[],
  zone: Zone,
  after: Date,
): Generator<Date, void> {
  for (let time = after.getTime(); ;) {
    const next = Math.min(...calendars.map((calendar) => nextIn(calendar, zone, time)));
    if (next === Infinity) return;
    yield new Date(next);
    time = next;
  }
}

/** The first so many of {@link fireTimes}. */
export function nextFireTimes(
  calendars: readonly Calendar[],
  zone: Zone,
  { after, count }: { after: Date; count: number },
): Date[] {
  const times: Date[] = [];
  if (count > 0) {
    for (const time of fireTimes(calendars, zone, after)) {
      if (times.push(time) === count) break;
    }
  }
  return times;
}

/** Infinity if there is none. */
function nextIn(calendar: Calendar, zone: Zone, after: number): number {
  const shown = zone.wallAt(after);
  let day = Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth(), shown.getUTCDate());
  let from = { hour: shown.getUTCHours(), minute: shown.getUTCMinutes() + 1 };
  // In the second of two hours that look alike, what is found is an hour later.
  let later = isRepeatedHour(zone, after) ? hour : 0;
  for (;;) {
    if (from.hour > 23 || !isDay(calendar, zone, day, from)) {
      day += 24 * hour;
      from = { hour: 0, minute: 0 };
      later = 0;
      if (new Date(day).getUTCFullYear() > lastYear) return Infinity;
      continue;
    }
    const hours = calendar.hour.find((value) => value >= from.hour);
    if (hours === undefined) {
      from = { hour: 24, minute: 0 };
      continue;
    }
    if (hours > from.hour) {
      from = { hour: hours, minute: 0 };
      later = 0;
    }
    const found = calendar.minute.find((value) => value >= from.minute);
    if (found !== undefined) {
      const time = zone.timeAt(day + hours * hour + found * minute);
      if (zone.wallAt(time).getUTCHours() === hours) return time + later;
      from = { hour: hours + 1, minute: 0 }; // The clocks skip this hour.
    } else if (later === 0 && isFollowedByRepeat(zone, day + hours * hour)) {
      from = { hour: hours, minute: 0 };
      later = hour;
    } else {
      from = { hour: hours + 1, minute: 0 };
      later = 0;
    }
  }
}

/** Whether more than an hour lies between the beginnings of an hour and of the next one. */
function isFollowedByRepeat(zone: Zone, wall: number): boolean {
  return zone.timeAt(wall + hour) - zone.timeAt(wall) > hour;
}

function isDay(
  { month, dayOfMonth, dayOfWeek }: Calendar,
  zone: Zone,
  day: number,
  from: { hour: number; minute: number },
): boolean {
  const date = new Date(day);
  if (!month.includes(date.getUTCMonth() + 1)) return false;
  if (!dayOfMonth.includes(date.getUTCDate())) return false;
  if (dayOfWeek.length === 7) return true;
  // Where clocks skip midnight, the server takes the day of week of the time that it gets instead.
  const time = zone.timeAt(day + from.hour * hour + from.minute * minute);
  return dayOfWeek.includes(zone.wallAt(time).getUTCDay());
}
