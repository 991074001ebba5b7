import type { DuckDBConnection } from '@duckdb/node-api';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import { assertTakes, broughtBy } from '../column-problems.js';
import type { Commit, PublishRequest } from '../destination.js';
import { mapsWithEqualKeys, unwantedIn } from '../nested.js';
import { identifier, readStaged } from '../staged-parquet.js';
import {
  assertNoView,
  columnsOf,
  columnsOfQuery,
  nameOf,
  rowsOf,
  type Column,
  type Target,
} from './columns.js';
import { columnProblems } from './column-problems.js';
import { batchToMerge, deleteReplaced } from './merge.js';
import { columnChange } from './schema-change.js';
import { counted, number } from '../../shared/counts.js';

/** How many rows were written, and of a merge how many are in the place of others. */
export type Written = Pick<Commit, 'rows' | 'replaced'>;

/** Writes the rows of the staged files to the table. */
export async function writeTable(
  connection: DuckDBConnection,
  target: Target,
  request: PublishRequest,
): Promise<Written> {
  assertTakes(columnProblems(broughtBy(request)), request.sink);
  await assertNoView(connection, target, request.sink);
  const staged = readStaged(request.staged.files);
  const brought = await columnsOfQuery(connection, `SELECT * FROM ${staged}`);
  await assertStagedRows(connection, target, staged, request);
  await assertSoundMaps(connection, target, staged, request);
  const rows = await batchToMerge(connection, target, brought, staged, request);
  const there = await columnsOf(connection, target);
  if (request.mode === 'replace' || there.length === 0) {
    return { rows: await create(connection, target, rows) };
  }

  const { written, added } = columnChange(target, there, brought, request);
  for (const { name, type } of added) {
    await connection.run(`ALTER TABLE ${nameOf(target)} ADD COLUMN ${identifier(name)} ${type}`);
  }
  if (request.merge === null) return { rows: await insert(connection, target, written, rows) };
  const replaced = await deleteReplaced(connection, target, there, rows, request.merge);
  await faultPoint('publisher:duckdb:deleted');
  return { rows: await insert(connection, target, written, rows), replaced };
}

async function create(connection: DuckDBConnection, target: Target, rows: string): Promise<number> {
  const name = nameOf(target);
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`);
  await connection.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * FROM ${rows}`);
  const [row] = await rowsOf(connection, `SELECT count(*) FROM ${name}`);
  return Number(row?.[0]);
}

/** A column of the table that is not written has its default there, which is NULL if nobody set one. */
async function insert(
  connection: DuckDBConnection,
  target: Target,
  written: readonly Column[],
  rows: string,
): Promise<number> {
  const columns = written.map(({ name }) => identifier(name)).join(', ');
  const result = await connection.run(
    `INSERT INTO ${nameOf(target)} (${columns}) SELECT ${columns} FROM ${rows}`,
  );
  return result.rowsChanged;
}

/** DuckDB takes such a map and keeps it; then some of its clients fail for every query of the column. */
async function assertSoundMaps(
  connection: DuckDBConnection,
  target: Target,
  staged: string,
  { staged: { schema }, sink }: PublishRequest,
): Promise<void> {
  if (!schema.some(({ type }) => type.includes('map<'))) return;
  const problems = await unwantedIn(connection, staged, () => [mapsWithEqualKeys]);
  if (problems.length === 0) return;
  throw failure(
    'DataError',
    `${nameOf(target)} cannot take the rows: ${problems.join('; ')}. Nothing was written. ` +
      'Make them lists in a transform, or keep one of each key.',
    { step: sink },
  );
}

async function assertStagedRows(
  connection: DuckDBConnection,
  target: Target,
  staged: string,
  request: PublishRequest,
): Promise<void> {
  const [row] = await rowsOf(connection, `SELECT count(*) FROM ${staged}`);
  const found = Number(row?.[0]);
  if (found === request.staged.rows) return;
  throw failure(
    'StagingDamaged',
    `${nameOf(target)}: the staged files hold ${counted(found, 'row')}, their manifest says ${number(request.staged.rows)}`,
    { step: request.sink },
  );
}
