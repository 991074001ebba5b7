const unitMs = { ms: 1, s: 1000, min: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
export type DurationUnit = keyof typeof unitMs;
const short: Record<string, DurationUnit> = { m: 'min', h: 'hour', d: 'day' };

/** A duration as configs write it, whatever the key: digits and one unit. */
export const durationPattern = /^(\d{1,9})(ms|s|min|m|hour|h|day|d)$/;

/** The number and the unit of `30s`, `5m`, `5min`, `2h`; undefined if the text is no duration. */
export function readDuration(text: string): { count: number; unit: DurationUnit } | undefined {
  const [, count, unit = ''] = durationPattern.exec(text) ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), unit: short[unit] ?? (unit as DurationUnit) };
}

/** The same in milliseconds. */
export function durationMs(text: string): number | undefined {
  const read = readDuration(text);
  return read && read.count * unitMs[read.unit];
}
