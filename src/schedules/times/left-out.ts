import type { Calendar } from '../../config/values/cron.js';
import { fireTimes } from './fire-times.js';
import type { CurrentSchedule } from '../schedule.js';
import type { Range } from './backfill-range.js';
import { zoneOf, type Zone } from './zone.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** So many times are shown. */
const mostShown = 4;

/**
 * The times about an hour that clocks show twice at which Temporal starts no run, although the schedule asks for
 * one in each hour around it. (A cron that asks for that hour alone is content with one of the two.)
 */
export function timesLeftOut(
  { crons, timezone }: Pick<CurrentSchedule, 'crons' | 'timezone'>,
  range: Range,
): Date[] {
  const zone = zoneOf(timezone);
  const calendars = crons.flatMap((cron) => cron.calendars);
  if (!calendars.some((calendar) => calendar.hour.length >= 3)) return [];
  return repeatsIn(zone, range).flatMap(({ start, end }) => {
    const asked = calendars.filter((calendar) => isEachHour(calendar, zone, start));
    if (asked.length === 0) return [];
    const fired = new Set<number>();
    for (const time of fireTimes(calendars, zone, new Date(start - hour))) {
      if (time.getTime() >= end) break;
      fired.add(time.getTime());
    }
    const times = Array.from({ length: (end - start) / minute }, (_, at) => start + at * minute);
    return times
      .filter((time) => time >= range.from.getTime() && time < range.to.getTime())
      .filter((time) => !fired.has(time) && asked.some((calendar) => isAt(calendar, zone, time)))
      .map((time) => new Date(time));
  });
}

/** `2026-10-25 00:30, 01:00 (UTC)`; of many, the first. */
export function leftOutWords(times: readonly Date[]): string {
  let shownDay = '';
  const shown = times.slice(0, mostShown).map((time) => {
    const [date = '', clock = ''] = time.toISOString().slice(0, 16).split('T');
    const text = date === shownDay ? clock : `${date} ${clock}`;
    shownDay = date;
    return text;
  });
  const rest = times.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more times` : ''} (UTC)`;
}

/** From when clocks show something that they will show again, to an hour after they have. */
function repeatsIn(zone: Zone, { from, to }: Range): { start: number; end: number }[] {
  const offsetAt = (time: number): number => zone.wallAt(time).getTime() - time;
  const first = Math.floor((from.getTime() - hour) / day) * day;
  const repeats: { start: number; end: number }[] = [];
  for (let time = first; time < to.getTime() + hour; time += day) {
    const shift = offsetAt(time) - offsetAt(time + day);
    if (shift <= 0) continue;
    let moved = time;
    while (offsetAt(moved) === offsetAt(time)) moved += 15 * minute;
    repeats.push({ start: moved - shift, end: moved + shift + hour });
  }
  return repeats;
}

function isEachHour({ hour: hours }: Calendar, zone: Zone, start: number): boolean {
  const repeated = zone.wallAt(start).getUTCHours();
  return [-1, 0, 1].every((step) => hours.includes((repeated + step + 24) % 24));
}

function isAt(calendar: Calendar, zone: Zone, time: number): boolean {
  const wall = zone.wallAt(time);
  return (
    calendar.minute.includes(wall.getUTCMinutes()) &&
    calendar.hour.includes(wall.getUTCHours()) &&
    calendar.dayOfMonth.includes(wall.getUTCDate()) &&
    calendar.month.includes(wall.getUTCMonth() + 1) &&
    calendar.dayOfWeek.includes(wall.getUTCDay())
  );
}
