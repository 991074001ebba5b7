import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Client, type QueryResult } from 'pg';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { profileOf, type Database } from './stack.js';

/** Runs SQL on a PostgreSQL and returns the last statement's rows. */
export async function query(database: Database, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(database.url);
  await client.connect();
  try {
    const results = (await client.query(sql)) as QueryResult | QueryResult[];
    return (Array.isArray(results) ? results.at(-1)?.rows : results.rows) ?? [];
  } finally {
    await client.end();
  }
}

export interface OrdersPipeline {
  mode: 'replace' | 'append';
  /** SQL of the source. */
  query?: string;
  destinationWait?: string;
  timeout?: string;
  /** Whether a second sink writes Parquet files to `lake/`. */
  lake?: boolean;
  /** Folder in the root for the config and what it writes, so that several stand beside each other. */
  folder?: string;
}

/** Writes `orders.yaml` (postgres → duckdb) and its connection profiles into a project root. */
export async function writeOrdersPipeline(
  root: string,
  database: Database,
  {
    mode,
    query: sql = 'SELECT * FROM orders',
    destinationWait = '30s',
    timeout,
    lake = false,
    folder = '.',
  }: OrdersPipeline,
): Promise<void> {
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, '.connections.json'), JSON.stringify({ shop: profileOf(database) }));
  await writeFile(
    join(root, folder, 'orders.yaml'),
    `name: orders
destination_wait: ${destinationWait}
${timeout === undefined ? '' : `timeout: ${timeout}\n`}${mode === 'append' ? 'args: { all: true }\n' : ''}sources:
  - name: orders
    module: postgres
    parameters:
      query: ${JSON.stringify(mode === 'append' ? `SELECT * FROM (${sql}) AS wanted WHERE ${all}` : sql)}
      profile: shop
sinks:
  - name: warehouse
    module: duckdb
    input: orders
    mode: ${mode}
    parameters:
      database: ${join(folder, 'warehouse.duckdb')}
      table: orders
${lake ? lakeSink(mode, join(folder, 'lake')) : ''}`,
  );
}

/** An append is of a query that follows an argument, or of one that is read in windows. */
const all = '${args.all}';

function lakeSink(mode: string, path: string): string {
  return `  - name: lake
    module: files
    input: orders
    mode: ${mode}
    parameters:
      path: ${path}
`;
}

let runs = 0;

/** Starts `runPipeline` as any client would. */
export function startRun(
  environment: TestWorkflowEnvironment,
  input: RunPipelineInput,
  { taskQueue = 'beamline', workflowId = `test-${process.pid}-${++runs}` } = {},
) {
  return environment.client.workflow.start<(input: RunPipelineInput) => Promise<Receipt>>(
    'runPipeline',
    { taskQueue, workflowId, args: [input] },
  );
}

/** Reads a DuckDB file that nobody has open. */
export async function duckdbRows(file: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
