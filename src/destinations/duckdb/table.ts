import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import type { PublishRequest } from '../destination.js';
import { assertReadableByDuckdb, identifier, literal, readStaged } from '../staged-parquet.js';
import { fits } from './type-fit.js';

export interface Target {
  schema: string;
  table: string;
}

/** Writes the rows of the staged files to the table; returns how many. */
export async function writeTable(
  connection: DuckDBConnection,
  target: Target,
  request: PublishRequest,
): Promise<number> {
  assertReadableByDuckdb(request.staged, request.sink);
  const staged = `SELECT * FROM ${readStaged(request.staged.files)}`;
  const name = nameOf(target);
  if (await isView(connection, target)) {
    throw failure(
      'ConfigError',
      `${name} is a view: only a table can be written. Nothing was published. ` +
        'Drop the view, or name another table.',
      { step: request.sink },
    );
  }
  const columns = await columnsOf(connection, target);
  if (request.mode === 'replace' || columns.length === 0) {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`);
    await connection.run(`CREATE OR REPLACE TABLE ${name} AS ${staged}`);
    const [row] = await rowsOf(connection, `SELECT count(*) FROM ${name}`);
    return Number(row?.[0]);
  }
  await assertFits(connection, target, columns, staged, request.sink);
  const result = await connection.run(`INSERT INTO ${name} BY NAME ${staged}`);
  return result.rowsChanged;
}

/** Runs a query and returns its rows. */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values: Record<string, string | number> = {},
): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql, values)).getRows();
}

export function nameOf({ schema, table }: Target): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

interface Column {
  name: string;
  type: string;
}

/** An append fills exactly the columns that the table has, without changing a value. */
async function assertFits(
  connection: DuckDBConnection,
  target: Target,
  table: Column[],
  stagedSql: string,
  step: string,
): Promise<void> {
  const described = await rowsOf(
    connection,
    `SELECT column_name, column_type FROM (DESCRIBE ${stagedSql})`,
  );
  const staged = described.map(([name, type]) => ({ name: String(name), type: String(type) }));
  const byName = new Map(table.map((column) => [column.name.toLowerCase(), column]));
  const brought = new Set(staged.map(({ name }) => name.toLowerCase()));
  const added = staged.filter(({ name }) => !byName.has(name.toLowerCase()));
  const missing = table.filter(({ name }) => !brought.has(name.toLowerCase()));
  const problems = [
    ...(added.length > 0 ? [`the table has no column ${listed(added)}`] : []),
    ...(missing.length > 0 ? [`the run brings no column ${listed(missing)}`] : []),
    ...staged.flatMap(({ name, type }) => {
      const into = byName.get(name.toLowerCase());
      if (into === undefined || fits(type, into.type)) return [];
      return [`column \`${name}\` is ${type}, which the table's ${into.type} cannot hold exactly`];
    }),
  ];
  if (problems.length === 0) return;
  throw failure(
    'DataError',
    `${nameOf(target)} cannot be appended to: ${problems.join('; ')}. Nothing was written. ` +
      'Rename, select or cast the columns in a transform, or use `mode: replace`.',
    { step },
  );
}

function listed(columns: Column[]): string {
  return columns.map(({ name }) => `\`${name}\``).join(', ');
}

/** The columns of the table; none if there is no such table. */
async function columnsOf(connection: DuckDBConnection, target: Target): Promise<Column[]> {
  const rows = await rowsOf(
    connection,
    `SELECT column_name, data_type FROM duckdb_columns() WHERE ${isTarget(target, 'table')}
     ORDER BY column_index`,
  );
  return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
}

async function isView(connection: DuckDBConnection, target: Target): Promise<boolean> {
  const sql = `SELECT 1 FROM duckdb_views() WHERE ${isTarget(target, 'view')}`;
  return (await rowsOf(connection, sql)).length > 0;
}

function isTarget({ schema, table }: Target, kind: 'table' | 'view'): string {
  return `lower(schema_name) = ${literal(schema.toLowerCase())}
    AND lower(${kind}_name) = ${literal(table.toLowerCase())}
    AND database_name = current_database()`;
}
