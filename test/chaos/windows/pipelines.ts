import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A pipeline that reads `events` in windows. */
export interface Pipeline {
  name: string;
  runner: string;
  /**
   * Where its runs may be: a DuckDB file is on one host, and another host's file of that path would be
   * another destination.
   */
  hosts: readonly number[];
  mode: 'append' | 'merge';
  /** `id` never changes; `updated_at` does with each change of a row. */
  cursor: 'id' | 'updated_at';
  lag?: string;
  initialValue?: number;
  reads: Share;
  sinks: readonly Sink[];
  timeout?: string;
}

/** The rows that a pipeline reads, by their id. */
export type Share = 'all' | 'even' | 'odd';

export interface Sink {
  module: 'duckdb' | 'bigquery';
  /** Two pipelines may have one. */
  table: string;
}

export const project = 'beamline-dev';
export const dataset = 'chaos';

export const pipelines: readonly Pipeline[] = [
  { ...at(0), name: 'append-both', mode: 'append', cursor: 'id', reads: 'all', ...both('a') },
  { ...at(0), name: 'merge-both', mode: 'merge', cursor: 'updated_at', reads: 'all', ...both('m') },
  { ...far(), name: 'append-far', mode: 'append', cursor: 'id', reads: 'all', ...one('far') },
  {
    ...far(),
    name: 'merge-far',
    mode: 'merge',
    cursor: 'updated_at',
    lag: '1min',
    reads: 'all',
    ...one('merged'),
  },
  // Its one key is its cursor: what it reads replaces whole windows.
  { ...far(), name: 'replace-windows', mode: 'merge', cursor: 'id', reads: 'all', ...one('w') },
  // Two pipelines on one table, each with its own rows: an append must be told where it begins.
  { ...far('local'), ...appends('even'), initialValue: 0, ...one('shared') },
  { ...far(), ...appends('odd'), initialValue: 0, ...one('shared') },
  { ...at(1), name: 'even-here', mode: 'merge', cursor: 'updated_at', reads: 'even', ...here('s') },
  { ...at(1), name: 'odd-here', mode: 'merge', cursor: 'updated_at', reads: 'odd', ...here('s') },
  {
    ...far(),
    name: 'hasty',
    timeout: '6s',
    mode: 'append',
    cursor: 'id',
    reads: 'even',
    ...one('h'),
  },
];

const conditions: Record<Share, string> = { all: 'true', even: 'id % 2 = 0', odd: 'id % 2 = 1' };

/** Runs on this host, by its worker's own Beam. */
function at(host: number): Pick<Pipeline, 'runner' | 'hosts'> {
  return { runner: 'local', hosts: [host] };
}

/** Runs that any host may have. */
function far(runner: Pipeline['runner'] = 'dataflow'): Pick<Pipeline, 'runner' | 'hosts'> {
  return { runner, hosts: [0, 1] };
}

function appends(share: Share): Pick<Pipeline, 'name' | 'mode' | 'cursor' | 'reads'> {
  return { name: share, mode: 'append', cursor: 'id', reads: share };
}

function one(table: string): Pick<Pipeline, 'sinks'> {
  return { sinks: [{ module: 'bigquery', table }] };
}

function here(table: string): Pick<Pipeline, 'sinks'> {
  return { sinks: [{ module: 'duckdb', table }] };
}

function both(table: string): Pick<Pipeline, 'sinks'> {
  return { sinks: [...here(table).sinks, ...one(table).sinks] };
}

export const databaseOf = (root: string): string => join(root, 'warehouse.duckdb');

/** Writes the config of every pipeline, and how they reach the database that they read. */
export async function writeConfigs(root: string, profile: object): Promise<void> {
  await writeFile(join(root, '.connections.json'), JSON.stringify({ shop: profile }));
  for (const pipeline of pipelines) {
    await writeFile(join(root, `${pipeline.name}.yaml`), configOf(pipeline));
  }
}

function configOf({
  name,
  runner,
  mode,
  cursor,
  lag,
  initialValue,
  reads,
  sinks,
  timeout,
}: Pipeline): string {
  return `name: ${name}
runner: ${runner}
destination_wait: 60s
${timeout === undefined ? '' : `timeout: ${timeout}\n`}sources:
  - name: events
    module: postgres
    incremental: true
    parameters:
      profile: shop
      query: SELECT id, version, updated_at FROM events WHERE ${conditions[reads]}
      incremental_column: ${cursor}
      destination_sink_name: ${sinks[0]?.module}
${lag === undefined ? '' : `      lag: ${lag}\n`}${initialValue === undefined ? '' : `      initial_value: ${initialValue}\n`}sinks:
${sinks.map((sink) => sinkOf(sink, mode, cursor)).join('')}`;
}

function sinkOf({ module, table }: Sink, mode: Pipeline['mode'], cursor: string): string {
  const parameters =
    module === 'duckdb'
      ? `{ database: warehouse.duckdb, table: ${table} }`
      : `{ table: ${project}.${dataset}.${table}, create_disposition: CREATE_IF_NEEDED }`;
  const merge =
    mode === 'append'
      ? ''
      : `    merge_keys: [id]\n${cursor === 'id' ? '' : '    merge_order: [version]\n'}`;
  return `  - name: ${module}
    module: ${module}
    input: events
    mode: ${mode}
${merge}    parameters: ${parameters}
`;
}
