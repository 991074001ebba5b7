import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { greatestValues, withoutRuns } from '../cursors.js';
import type { AskedSource, GreatestValue, Position } from '../destination.js';
import { assertCursorType, greatestCursor } from '../duckdb-cursor.js';
import { columnNamed, columnsOf, listed, nameOf, rowsOf, type Target } from './columns.js';
import type { CommitLog } from './commit-log.js';

/** What the log and the table say of where incremental reading stands. */
export async function positionOf(
  connection: DuckDBConnection,
  target: Target,
  log: CommitLog,
  sources: readonly AskedSource[],
): Promise<Position> {
  const cursors = withoutRuns(await log.cursors());
  return {
    empty: await isEmpty(connection, target),
    cursors,
    greatest: await greatestValues(sources, cursors, (column) =>
      greatest(connection, target, column),
    ),
    ...(await log.history()),
  };
}

/** True without a table, too. */
export async function isEmpty(connection: DuckDBConnection, target: Target): Promise<boolean> {
  if ((await columnsOf(connection, target)).length === 0) return true;
  return (await rowsOf(connection, `SELECT 1 FROM ${nameOf(target)} LIMIT 1`)).length === 0;
}

async function greatest(
  connection: DuckDBConnection,
  target: Target,
  column: string,
): Promise<GreatestValue | null> {
  const columns = await columnsOf(connection, target);
  if (columns.length === 0) return null;
  const found = columnNamed(columns, column);
  if (found === undefined) {
    throw failure(
      'ConfigError',
      `${nameOf(target)} has no column \`${column}\` (${listed(columns.map(({ name }) => name))}), ` +
        'whose greatest value tells where to begin. Keep that column in the transforms, or name another ' +
        '`incremental_column`.',
    );
  }
  const type = assertCursorType(column, found.type, nameOf(target));
  const [row] = await rowsOf(
    connection,
    `SELECT ${greatestCursor(column, type)} FROM ${nameOf(target)}`,
  );
  const value = row?.[0];
  return typeof value === 'string' ? { type, value } : null;
}
