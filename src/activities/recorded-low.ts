import { compareCursors, type CursorValue, type RecordedCursor } from '../shared/window.js';
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

/**
 * The same of those records that say something of the column. Where a sink has none, a merge begins anew: it
 * brings that one everything, and changes nothing of the others. An append would bring those rows twice.
 */
export function comparableLow(facts: WindowFacts): CursorValue | null {
  const { probe, recorded } = facts;
  const records = recorded.filter((record) => record !== null);
  if (records.length < recorded.length && !isAppended(facts)) return null;
  return records
    .filter((record) => isComparable(facts, record))
    .map(({ next }) => next)
    .reduce<CursorValue | null>(
      (least, next) =>
        least === null || compareCursors(probe.type, next, least) < 0 ? next : least,
      null,
    );
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
