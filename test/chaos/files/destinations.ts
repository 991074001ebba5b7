import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inMemory } from '../../destinations/support.js';
import { duckdbRows } from '../../support/pipeline.js';
import { databaseOf, lakeOf, rows } from './pipelines.js';

export type Sink = 'warehouse' | 'lake';

/** A commit of data, as the destination itself records it. */
export interface Commit {
  sink: Sink;
  runKey: string;
  version: number;
}

/** How often the rows of the source are in a destination. */
export interface Contents {
  /** Of the row that is there least often. */
  fewest: number;
  most: number;
  /** Whether every row of the source is there. */
  complete: boolean;
}

export async function commitsOf(root: string, pipeline: string): Promise<Commit[]> {
  const database = databaseOf(root, pipeline);
  const warehouse = existsSync(database)
    ? await duckdbRows(
        database,
        `SELECT run_key, version::int AS version FROM _beamline.commits WHERE kind = 'commit'`,
      )
    : [];
  const log = join(lakeOf(root, pipeline), '_beamline');
  const names = existsSync(log) ? await readdir(log) : [];
  const records = await Promise.all(
    names
      .filter((name) => /^\d+\.json$/.test(name))
      .map(async (name) => JSON.parse(await readFile(join(log, name), 'utf8')) as LakeRecord),
  );
  return [
    ...warehouse.map((row) => ({
      sink: 'warehouse' as const,
      runKey: String(row['run_key']),
      version: Number(row['version']),
    })),
    ...records
      .filter(({ kind }) => kind === 'commit')
      .map(({ run_key: runKey, version }) => ({ sink: 'lake' as const, runKey, version })),
  ];
}

interface LakeRecord {
  kind: 'commit' | 'fence';
  run_key: string;
  version: number;
}

export async function contentsOf(root: string, pipeline: string, sink: Sink): Promise<Contents> {
  const nothing = { fewest: 0, most: 0, complete: false };
  const database = databaseOf(root, pipeline);
  const current = join(lakeOf(root, pipeline), 'current');
  let from = 'orders';
  if (sink === 'lake') {
    if (!existsSync(current)) return nothing;
    from = `read_parquet('${current}/*.parquet')`;
  } else if (!existsSync(database) || !(await hasTable(database))) {
    return nothing;
  }
  const sql = `SELECT coalesce(min(n), 0)::int AS fewest, coalesce(max(n), 0)::int AS most,
      count(*) = ${rows} AND coalesce(bool_and(note = 'row ' || id), false) AS complete
    FROM (SELECT id, any_value(note) AS note, count(*) AS n FROM ${from} GROUP BY id)`;
  const [found] = sink === 'lake' ? await inMemory(sql) : await duckdbRows(database, sql);
  return found as unknown as Contents;
}

async function hasTable(database: string): Promise<boolean> {
  const found = await duckdbRows(
    database,
    `SELECT 1 AS one FROM information_schema.tables WHERE table_schema = 'main' AND table_name = 'orders'`,
  );
  return found.length > 0;
}
