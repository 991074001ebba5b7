import type { PlannedIncremental } from '../../config/plan/plan-types.js';
import type { GreatestValue, SinkMode } from '../../destinations/destination.js';
import type { CursorType, CursorValue, RecordedCursor } from '../../shared/run/window.js';

/** What a window follows from. */
export interface WindowFacts {
  incremental: PlannedIncremental;
  /** Modes of the sinks that the source's rows reach. */
  modes: readonly SinkMode[];
  /** The run's time: when it was scheduled to start, else when it started. */
  time: Date;
  /** IANA time zone of dates and of timestamps without a zone. */
  timezone: string;
  /** What the source says of the column; `max` is its greatest value, of an integer column only. */
  probe: { type: CursorType; max: CursorValue | null };
  /** Where the last window ended, of each sink; null of one that has no record. */
  recorded: readonly (RecordedCursor | null)[];
  /** Greatest value in the destination that is asked where there is no record; null if it is empty. */
  max: GreatestValue | null;
  /** Other sources whose rows are there, by their key: the greatest value may be one of theirs. */
  others: Readonly<Record<string, RecordedCursor>>;
  /** The run's own window: it goes before everything else. */
  given?: { start?: string; end?: string } | undefined;
}

/** Thrown where the facts contradict one another, or a text of the config does not fit the column's type. */
export class NoWindow extends Error {
  override readonly name = 'NoWindow';
}

/** Rows that are appended twice are there twice: each must be in one window only. */
export function isAppended({ modes }: WindowFacts): boolean {
  return modes.includes('append');
}
