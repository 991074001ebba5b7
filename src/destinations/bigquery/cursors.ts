import { failure } from '../../shared/failures.js';
import { compareCursors } from '../../shared/window.js';
import type { PublishRequest } from '../destination.js';
import type { CommitLog, LogEntry } from './commit-log.js';
import { plainName, type TableName } from './table-name.js';

/**
 * Rows of a window that another run appended would be there twice.
 * @throws `WindowCommitted`
 */
export function assertNotCommitted(
  table: TableName,
  { entries }: CommitLog,
  request: PublishRequest,
): void {
  if (request.mode !== 'append' || request.again) return;
  for (const { key, column, type, low } of request.windows) {
    const recorded = entries[0]?.cursors[key];
    if (recorded === undefined || recorded.run_key === request.runKey) continue;
    if (recorded.column !== column || recorded.type !== type) continue;
    if (low !== null && compareCursors(type, recorded.next, low) <= 0) continue;
    throw failure(
      'WindowCommitted',
      `${plainName(table)} has the rows of \`${key}\` up to ${column} ${recorded.next} (run ${recorded.run_key}); ` +
        `this run's begin ${low === null ? 'before everything' : `at ${low}`}, and would be there twice. ` +
        'Nothing was written. To append them all the same, run it with `--again`.',
      { step: request.sink },
    );
  }
}

/**
 * A replaced table has the rows of this commit only, and so its windows only. Else a window of the past,
 * as one that is published again, does not move a record back: the next append would bring rows twice.
 */
export function cursorsAfter({ entries }: CommitLog, request: PublishRequest): LogEntry['cursors'] {
  const before = request.mode === 'replace' ? {} : (entries[0]?.cursors ?? {});
  const brought = request.windows.flatMap(({ key, column, type, next }) => {
    const known = before[key];
    const isLater =
      known?.column === column && known.type === type && compareCursors(type, known.next, next) > 0;
    return isLater ? [] : [[key, { column, type, next, run_key: request.runKey }] as const];
  });
  return { ...before, ...Object.fromEntries(brought) };
}
