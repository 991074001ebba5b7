import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import type { Merge, PublishRequest } from '../destination.js';
import { cursorTypeOf, inWindow } from '../duckdb-cursor.js';
import { identifier } from '../staged-parquet.js';
import { columnNamed, listed, nameOf, rowsOf, type Column, type Target } from './columns.js';
import { counted } from '../../shared/counts.js';
import { rangeText } from '../../shared/run/window.js';

/** Holds the rows of a batch in which keys repeat, once they are chosen. */
const chosen = 'temp.beamline_chosen';

/**
 * Checks the staged rows of a merge, which bring its keys and its order, before anything is deleted.
 *
 * Of several rows with one key the one with the greatest values of `order` is chosen, NULL being the
 * least; rows that are equal in every column are one.
 *
 * @param staged what selects them
 * @returns what selects the rows to insert; `staged` for another mode
 * @throws `DataError` for NULL keys, for keys that repeat without an order that tells the last, and
 *   for rows outside the window
 */
export async function batchToMerge(
  connection: DuckDBConnection,
  target: Target,
  columns: readonly Column[],
  staged: string,
  { merge, sink }: PublishRequest,
): Promise<string> {
  if (merge === null) return staged;
  const refuse = (type: 'ConfigError' | 'DataError', what: string) =>
    failure(type, `${nameOf(target)} cannot be merged into: ${what}`, { step: sink });
  await assertNoNullKeys(connection, merge, staged, refuse);
  if (merge.window !== null) {
    await assertInWindow(connection, columns, merge, staged, refuse);
    return staged;
  }
  return oneRowForEachKey(connection, merge, staged, refuse);
}

/**
 * Deletes the rows of the table that the batch replaces: delete and insert, because the engine's MERGE
 * rewrites whole row groups for few rows.
 *
 * @param rows what selects the batch
 * @returns how many it deleted
 */
export async function deleteReplaced(
  connection: DuckDBConnection,
  target: Target,
  table: readonly Column[],
  rows: string,
  { keys, window }: Merge,
): Promise<number> {
  const name = nameOf(target);
  const [cursor] = keys;
  if (window !== null && cursor !== undefined) {
    const { sql, values } = inWindow(cursor, window);
    return (await connection.run(`DELETE FROM ${name} WHERE ${sql}`, values)).rowsChanged;
  }
  // The table's type holds every value of the batch's: equal values stay equal.
  const ofBatch = keys.map((key, index) => {
    const type = columnNamed(table, key)?.type ?? 'VARCHAR';
    return `CAST(${identifier(key)} AS ${type}) AS k${index}`;
  });
  const equal = keys.map((key, index) => `stored.${identifier(key)} = batch.k${index}`);
  const result = await connection.run(
    `DELETE FROM ${name} AS stored USING (SELECT ${ofBatch.join(', ')} FROM ${rows}) AS batch
     WHERE ${equal.join(' AND ')}`,
  );
  return result.rowsChanged;
}

type Refuse = (type: 'ConfigError' | 'DataError', what: string) => Error;

async function assertNoNullKeys(
  connection: DuckDBConnection,
  { keys }: Merge,
  staged: string,
  refuse: Refuse,
): Promise<void> {
  const counts = keys.map((key) => `count(*) FILTER (${identifier(key)} IS NULL)`);
  const [row] = await rowsOf(connection, `SELECT ${counts.join(', ')} FROM ${staged}`);
  const nulls = keys.flatMap((key, index) => {
    const count = Number(row?.[index]);
    return count === 0 ? [] : [`\`${key}\` is NULL in ${counted(count, 'row')}`];
  });
  if (nulls.length === 0) return;
  throw refuse(
    'DataError',
    `merge key ${nulls.join(', merge key ')}. Nothing was written. ` +
      'Fill or filter them in a transform, or choose other `merge_keys`.',
  );
}

async function assertInWindow(
  connection: DuckDBConnection,
  columns: readonly Column[],
  { keys, window }: Merge,
  staged: string,
  refuse: Refuse,
): Promise<void> {
  const [key] = keys;
  if (window === null || key === undefined) return;
  const type = columnNamed(columns, key)?.type ?? '';
  if (cursorTypeOf(type) !== window.type) {
    throw refuse(
      'ConfigError',
      `\`${key}\` is ${type} here, and its source is read in windows of type ${window.type}. Nothing ` +
        'was written. Keep the column as it is read, or use other `merge_keys`.',
    );
  }
  const { sql, values } = inWindow(key, window);
  const outside = `SELECT count(*) FROM ${staged} WHERE NOT (${sql})`;
  const [row] = await rowsOf(connection, outside, values);
  const count = Number(row?.[0]);
  if (count === 0) return;
  throw refuse(
    'DataError',
    `\`${key}\` of ${counted(count, 'row')} is outside of what was read, ${rangeText(window)}. ` +
      `Nothing was written. Keep the column as it is read, or use other \`merge_keys\`.`,
  );
}

async function oneRowForEachKey(
  connection: DuckDBConnection,
  { keys, order }: Merge,
  staged: string,
  refuse: Refuse,
): Promise<string> {
  const names = keys.map(identifier).join(', ');
  const repeated = async (rows: string) => {
    const groups = `SELECT 1 FROM ${rows} GROUP BY ${names} HAVING count(*) > 1`;
    const [row] = await rowsOf(connection, `SELECT count(*) FROM (${groups})`);
    return Number(row?.[0]);
  };
  const count = await repeated(staged);
  if (count === 0) return staged;
  if (order === null) {
    throw refuse(
      'DataError',
      `${counted(count, 'value')} of ${listed(keys)} in several rows of the run. Nothing was written. Set ` +
        '`merge_order` to the columns that tell which row is the last, or keep one row in a transform.',
    );
  }
  const ranked = order.map((name) => `${identifier(name)} DESC NULLS LAST`).join(', ');
  await connection.run(
    `CREATE OR REPLACE TEMPORARY TABLE beamline_chosen AS SELECT DISTINCT * FROM (
       SELECT * FROM ${staged} QUALIFY rank() OVER (PARTITION BY ${names} ORDER BY ${ranked}) = 1)`,
  );
  const tied = await repeated(chosen);
  if (tied === 0) return chosen;
  throw refuse(
    'DataError',
    `${counted(tied, 'value')} of ${listed(keys)} in several rows of the run that differ and are equal in ` +
      `\`merge_order\` ${listed(order)}. Nothing was written. Add a column to it that tells which row is the last.`,
  );
}
