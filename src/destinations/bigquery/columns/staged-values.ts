import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../../shared/failures.js';
import type { PublishRequest } from '../../destination.js';
import { openInMemory } from '../../in-memory.js';
import { identifier, readStaged } from '../../staged-parquet.js';
import type { StagedColumn } from './staged-columns.js';
import { counted } from '../../../shared/counts.js';

/** Columns that one query looks at: each is two aggregates. */
const columnsAtATime = 500;

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
const ranges = {
  DATE: ["DATE '0001-01-01'", "DATE '9999-12-31'", 'DATE has the years 1 to 9999'],
  DATETIME: [
    "TIMESTAMP '0001-01-01'",
    "TIMESTAMP '9999-12-31 23:59:59.999999'",
    'DATETIME has the years 1 to 9999',
  ],
  TIMESTAMP: [
    "TIMESTAMPTZ '0001-01-01 00:00:00+00'",
    "TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'",
    'TIMESTAMP has the years 1 to 9999, in UTC',
  ],
  TIME: ["TIME '00:00:00'", "TIME '23:59:59.999999'", 'TIME ends at 23:59:59.999999'],
  INT64: ['0', '9223372036854775807', 'INT64 ends at 9223372036854775807'],
} as const;

type Ranged = keyof typeof ranges;

/**
 * Looks for values that the type of their column has not, such as `infinity`, before anything is loaded: the
 * service says of one such value which it is, and neither how many there are nor what to do.
 *
 * Files that are only in an object store are left to the service, which refuses to load them.
 *
 * @throws `DataError` naming each column, how many values they are, and one of them
 */
export async function checkStagedValues(
  place: string,
  columns: readonly StagedColumn[],
  { staged, sink: step }: PublishRequest,
): Promise<void> {
  const ranged = columns.flatMap((column): [StagedColumn, Ranged][] => {
    const { kind, isUnsigned64 } = column.type;
    if (isUnsigned64) return [[column, 'INT64']];
    return kind !== 'INT64' && kind in ranges ? [[column, kind as Ranged]] : [];
  });
  if (ranged.length === 0 || staged.rows === 0 || !areHere(staged.files)) return;
  const problems: string[] = [];
  const memory = await openInMemory();
  try {
    for (let start = 0; start < ranged.length; start += columnsAtATime) {
      const some = ranged.slice(start, start + columnsAtATime);
      problems.push(...(await outside(memory.connection, readStaged(staged.files), some)));
    }
  } finally {
    memory.close();
  }
  if (problems.length === 0) return;
  throw failure(
    'DataError',
    `${place} cannot take the rows: ${problems.join('; ')}. Nothing was written. ` +
      'Replace the values in a transform, or keep them as text.',
    { step },
  );
}

async function outside(
  connection: DuckDBConnection,
  rows: string,
  columns: readonly [StagedColumn, Ranged][],
): Promise<string[]> {
  const aggregates = columns.flatMap(([{ name }, kind]) => {
    const [low, high] = ranges[kind];
    const where = `FILTER (${identifier(name)} NOT BETWEEN ${low} AND ${high})`;
    const text = `TRY(CAST(${identifier(name)} AS VARCHAR))`;
    return [`count(*) ${where}`, `any_value(${text}) ${where}`];
  });
  const reader = await connection.runAndReadAll(`SELECT ${aggregates.join(', ')} FROM ${rows}`);
  const found = reader.getRows()[0] ?? [];
  return columns.flatMap(([{ name }, kind], index) => {
    const count = Number(found[2 * index]);
    if (count === 0) return [];
    const example = found[2 * index + 1];
    const shown = example === null ? '' : `, such as \`${String(example)}\``;
    const values = counted(count, 'value');
    return [`column \`${name}\` has ${values} out of range${shown} (${ranges[kind][2]})`];
  });
}

function areHere(files: readonly { uri: string }[]): boolean {
  return files.every(({ uri }) => existsSync(uri));
}
