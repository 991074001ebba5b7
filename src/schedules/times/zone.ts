const hour = 3_600_000;

/** A time zone: what its clocks show, and when. Times are milliseconds of UTC. */
export interface Zone {
  name: string;
  /** What its clocks show at a time, as if that were UTC: read it with the `getUTC…` methods. */
  wallAt(time: number): Date;
  /**
   * When its clocks show that. Where they show it twice or never, it is what Go's `time.Date` answers
   * there, on which Temporal's scheduler is built.
   */
  timeAt(wall: number): number;
}

const zones = new Map<string, Zone>();

/** @param name IANA name */
export function zoneOf(name: string): Zone {
  const zone = zones.get(name) ?? createZone(name);
  zones.set(name, zone);
  return zone;
}

function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (time: number): number => {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(time)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour: hours = 0, minute = 0, second = 0 } = part;
    const shown = Date.UTC(year, month - 1, day, hours, minute, second);
    return shown - Math.floor(time / 1000) * 1000;
  };
  return {
    name,
    wallAt: (time) => new Date(time + offsetAt(time)),
    timeAt: (wall) => wall - offsetAt(wall - offsetAt(wall)),
  };
}

/** `2026-11-25 03:00` of a time, as the zone's clocks show it. */
export function wallText(zone: Zone, time: Date): string {
  return zone.wallAt(time.getTime()).toISOString().slice(0, 16).replace('T', ' ');
}

/** Whether the zone's clocks showed the same hour already an hour before. */
export function isRepeatedHour(zone: Zone, time: number): boolean {
  return zone.wallAt(time - hour).getUTCHours() === zone.wallAt(time).getUTCHours();
}
