/** Types of a column that a source can be read by, in windows. */
export const cursorTypes = ['date', 'timestamp', 'timestamptz', 'integer'] as const;
export type CursorType = (typeof cursorTypes)[number];

/**
 * A value of a cursor column, as text: `date` `2026-01-31`; `timestamp` `2026-01-31T09:30:00.000000`,
 * without a zone as the column is; `timestamptz` `2026-01-31T00:30:00.000000Z`; `integer` `42`. Texts
 * of one type but `integer` are in the order of what they mean.
 */
export type CursorValue = string;

/** Where a window begins: who said so. */
export const windowBases = [
  /** Where the last published window ended. */
  'record',
  /** The greatest value in the destination, which has no record. */
  'destination',
  /** `incremental_interval_from`, counted back from the run's time. */
  'interval',
  /** `initial_value`: the first load. */
  'initial_value',
  /** A destination has nothing, and nothing is recorded there: everything is read. */
  'everything',
  /** The run's input. */
  'given',
] as const;
export type WindowBasis = (typeof windowBases)[number];

/** What one run reads of one source: rows whose `column` is in `[low, high)`, frozen before it reads. */
export interface SourceWindow {
  column: string;
  type: CursorType;
  /** Null reads from the beginning. */
  low: CursorValue | null;
  /** False where the destination has the rows at `low` already. */
  low_inclusive: boolean;
  /** Exclusive. */
  high: CursorValue;
  /** Where the next window begins, once this one is published: `high`, or earlier if it does not append. */
  next: CursorValue;
  basis: WindowBasis;
}

/** `everything before 2026-01-31`, `from 2026-01-01 to before 2026-01-31`, `after 41 and before 100`. */
export function rangeText({
  low,
  low_inclusive: isInclusive,
  high,
}: Pick<SourceWindow, 'low' | 'low_inclusive' | 'high'>): string {
  const end = `before ${cursorText(high)}`;
  if (low === null) return `everything ${end}`;
  return isInclusive ? `from ${cursorText(low)} to ${end}` : `after ${cursorText(low)} and ${end}`;
}

/** A time without a fraction of a second that is nothing. */
function cursorText(value: CursorValue): string {
  return value.replace(/(?<=T\d\d:\d\d:\d\d)\.0+(?=Z?$)/, '');
}

/** Less than every integer of a database: where a window of integers ends that has seen none. */
export const leastInteger: CursorValue = String(-(2n ** 63n));

/** The windows of a run, by the name of the source. */
export type RunWindows = Record<string, SourceWindow>;

/** What a destination's log remembers of a source after a publish. */
export interface RecordedCursor {
  column: string;
  type: CursorType;
  next: CursorValue;
}

/** Names a source of a pipeline in the log of a destination that several pipelines may share. */
export function cursorKey(pipeline: string, source: string): string {
  return `${pipeline}.${source}`;
}

/** Negative if `a` is the earlier one. */
export function compareCursors(type: CursorType, a: CursorValue, b: CursorValue): number {
  if (type === 'integer') {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
