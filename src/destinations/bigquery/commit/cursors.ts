import { laterRecord, type LoggedCursors } from '../../cursors.js';
import type { PublishRequest } from '../../destination.js';
import type { CommitLog, LogEntry } from './commit-log.js';

/** What the log says of each source: its newest entry has them all. */
export function loggedIn({ entries }: Pick<CommitLog, 'entries'>): LoggedCursors {
  return Object.fromEntries(
    Object.entries(entries[0]?.cursors ?? {}).map(([key, { run_key: runKey, ...cursor }]) => [
      key,
      { ...cursor, runKey },
    ]),
  );
}

/**
 * A replaced table has the rows of this commit only, and so its windows only. Else a window of the past,
 * as one that is published again, does not move a record back: the next append would bring rows twice.
 */
export function cursorsAfter({ entries }: CommitLog, request: PublishRequest): LogEntry['cursors'] {
  const before = request.mode === 'replace' ? {} : (entries[0]?.cursors ?? {});
  const brought = request.windows
    .filter((window) => laterRecord(before[window.key], window) === undefined)
    .map(
      ({ key, column, type, next }) =>
        [key, { column, type, next, run_key: request.runKey }] as const,
    );
  return { ...before, ...Object.fromEntries(brought) };
}
