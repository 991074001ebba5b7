import { failure } from '../../shared/failures.js';
import { committedWindow, laterRecord, type LoggedCursors } from '../cursors.js';
import type { PublishRequest } from '../destination.js';
import type { CommitLog, LogEntry } from './commit-log.js';
import { plainName, type TableName } from './table-name.js';

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
 * Rows of a window that another run appended would be there twice, unless somebody took them away.
 * @param isEmpty whether the table has no rows; asked only where it matters
 * @throws `WindowCommitted`
 */
export async function assertNotCommitted(
  table: TableName,
  log: CommitLog,
  request: PublishRequest,
  isEmpty: () => Promise<boolean>,
): Promise<void> {
  const found = committedWindow(request, loggedIn(log));
  if (found === null || (await isEmpty())) return;
  const { window, before } = found;
  const begin = window.low === null ? 'before everything' : `at ${window.low}`;
  throw failure(
    'WindowCommitted',
    `${plainName(table)} has the rows of \`${window.key}\` up to ${window.column} ${before.next} (run ${before.runKey}); ` +
      `this run's begin ${begin}, and would be there twice. ` +
      'Nothing was written. To append them all the same, run it with `--again`.',
    { step: request.sink },
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
