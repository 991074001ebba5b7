import { resolve } from 'node:path';
import { z } from 'zod';
import { canonicalPath } from '../canonical-path.js';
import type { Destination } from '../destination.js';
import { columnProblems } from './column-problems.js';
import type { Target } from './columns.js';

const duckdbParameters = z.strictObject({
  database: z
    .string()
    .min(1)
    .describe('Path of the DuckDB database file, relative to the project root; made if missing.'),
  table: z
    .string()
    .regex(
      /^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/,
      'must be `table` or `schema.table`, of letters, digits, _ and $',
    )
    .regex(/^(?!_beamline\.)/i, 'must not be in schema `_beamline`, which holds the log of commits')
    .describe('Table to write, as `table` or `schema.table`; made if missing.'),
});
export type DuckdbParameters = z.infer<typeof duckdbParameters>;

/** A table in a DuckDB database file. */
export const destination: Destination<DuckdbParameters> = {
  name: 'duckdb',
  summary: 'Writes a table in a DuckDB database file.',
  parameters: duckdbParameters,
  modes: ['replace', 'append', 'merge'],
  schemaChanges: ['fail', 'add_columns', 'discard'],
  reads: 'local',
  address: null,
  paths: ({ database }) => [{ parameter: 'database', path: database }],
  key: (parameters, { root, storeId }) =>
    `duckdb:${storeId}:${canonicalPath(resolve(root, parameters.database))}#${qualified(parameters.table).toLowerCase()}`,
  location: ({ table, database }) => `${table} in ${database}`,
  columnProblems: (_, brought) => columnProblems(brought),
  async check({ database, table }, { root }, outlook) {
    const { checkTable } = await import('./check.js');
    await checkTable(resolve(root, database), targetOf(table), outlook);
  },
  async open({ database, table }, { root }, waitMs) {
    const { openDuckdb } = await import('./publisher.js');
    return openDuckdb(resolve(root, database), targetOf(table), waitMs);
  },
};

function targetOf(name: string): Target {
  const [schema, table] = qualified(name).split('.') as [string, string];
  return { schema, table };
}

function qualified(table: string): string {
  return table.includes('.') ? table : `main.${table}`;
}
