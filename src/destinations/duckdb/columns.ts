import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { identifier, literal } from '../staged-parquet.js';

/** A table of the database file. */
export interface Target {
  schema: string;
  table: string;
}

export interface Column {
  name: string;
  /** DuckDB's name of the type. */
  type: string;
}

export function nameOf({ schema, table }: Target): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

/** Runs a query and returns its rows. */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values: Record<string, string | number> = {},
): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql, values)).getRows();
}

/** The columns of the table, or of a view of that name; none if there is neither. */
export async function columnsOf(connection: DuckDBConnection, target: Target): Promise<Column[]> {
  const sql = `SELECT 1 FROM duckdb_tables() WHERE ${isTarget(target, 'table')}
    UNION ALL SELECT 1 FROM duckdb_views() WHERE ${isTarget(target, 'view')}`;
  if ((await rowsOf(connection, sql)).length === 0) return [];
  return columnsOfQuery(connection, nameOf(target));
}

/** The columns of a query or a table, in their order. */
export async function columnsOfQuery(connection: DuckDBConnection, sql: string): Promise<Column[]> {
  const rows = await rowsOf(connection, `SELECT column_name, column_type FROM (DESCRIBE ${sql})`);
  return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** @throws `ConfigError` */
export async function assertNoView(
  connection: DuckDBConnection,
  target: Target,
  step: string,
): Promise<void> {
  const sql = `SELECT 1 FROM duckdb_views() WHERE ${isTarget(target, 'view')}`;
  if ((await rowsOf(connection, sql)).length === 0) return;
  throw failure(
    'ConfigError',
    `${nameOf(target)} is a view: only a table can be written. Nothing was written. ` +
      'Drop the view, or name another table.',
    { step },
  );
}

/** The column of that name, in upper or lower case. */
export function columnNamed(columns: readonly Column[], name: string): Column | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** Names for a message. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function isTarget({ schema, table }: Target, kind: 'table' | 'view'): string {
  return `lower(schema_name) = ${literal(schema.toLowerCase())}
    AND lower(${kind}_name) = ${literal(table.toLowerCase())}
    AND database_name = current_database()`;
}
