import { join } from 'node:path';
import { onDuckdb, type TestSink } from '../support.js';

/** A `duckdb` sink on table `orders` of `warehouse.duckdb` below the root. */
export function duckdbSink(root: string, parameters: Record<string, unknown> = {}): TestSink {
  return {
    module: 'duckdb',
    root,
    parameters: { database: 'warehouse.duckdb', table: 'orders', ...parameters },
  };
}

/** The ids in a table, in order. */
export async function tableIds(root: string, table = 'orders'): Promise<string[]> {
  const rows = await onDuckdb(
    join(root, 'warehouse.duckdb'),
    `SELECT id FROM ${table} ORDER BY id`,
  );
  return rows.map(({ id }) => String(id));
}

/** Table, version, kind and run of every entry in the log; none without a log. */
export async function commits(root: string): Promise<string[][]> {
  const file = join(root, 'warehouse.duckdb');
  const [log] = await onDuckdb(
    file,
    `SELECT 1 FROM duckdb_tables() WHERE schema_name = '_beamline' AND table_name = 'commits'`,
  );
  if (!log) return [];
  const rows = await onDuckdb(
    file,
    'SELECT "table", version, kind, run_key FROM _beamline.commits ORDER BY "table", version',
  );
  return rows.map((row) => Object.values(row).map(String));
}
