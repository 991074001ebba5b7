import { compareCursors, type CursorValue, type RecordedCursor } from '../../shared/run/window.js';
import { isAppended, NoWindow, type WindowFacts } from './window-facts.js';

/** The smallest end that is recorded: what one sink lacks is read again for it. */
export function recordedLow(facts: WindowFacts): CursorValue | null {
  const { incremental, probe, recorded } = facts;
  const other = recorded.find((record) => record !== null && !isComparable(facts, record));
  if (!other) return comparableLow(facts);
  throw new NoWindow(
    `the last run read by \`${other.column}\` (${other.type}), this one would by \`${incremental.column}\` ` +
      `(${probe.type}): where it ended says nothing; run once with --window START..END`,
  );
}

/** The same of those records that say something of the column. */
export function comparableLow(facts: WindowFacts): CursorValue | null {
  const { probe, recorded } = facts;
  return recorded
    .filter((record) => record !== null)
    .filter((record) => isComparable(facts, record))
    .map(({ next }) => next)
    .reduce<CursorValue | null>(
      (least, next) =>
        least === null || compareCursors(probe.type, next, least) < 0 ? next : least,
      null,
    );
}

/**
 * Whether the record of one sink must not keep rows from another one that has none: a merge can bring them
 * to both, and changes nothing of the first. An append would bring them to that one twice.
 */
export function lacksRecord(facts: WindowFacts): boolean {
  return facts.recorded.includes(null) && !isAppended(facts);
}

function isComparable({ incremental, probe }: WindowFacts, record: RecordedCursor): boolean {
  return record.column === incremental.column && record.type === probe.type;
}

/** Why the greatest value of a destination does not tell where a source ends. */
export function sharedWith({ incremental: { column }, others }: WindowFacts): string {
  const ends = Object.entries(others).map(
    ([key, record]) => `\`${key}\` up to ${record.column} ${record.next}`,
  );
  return (
    `the destination has rows of ${ends.join(' and ')}, and no record of this source: its greatest \`${column}\` ` +
    'may be one of theirs, and does not tell where to begin. Give the source an `initial_value`, or run it once ' +
    'with --window START.. from where its rows are missing'
  );
}
