import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Rows of every pipeline's source. */
export const rows = 2_000;

export interface Pipeline {
  name: string;
  mode: 'append' | 'replace';
  /** The config's `timeout`. */
  timeout?: string;
}

/** Pipelines whose destinations are apart: runs of one wait for each other, those of two do not. */
export const pipelines: readonly Pipeline[] = [
  ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, mode: 'append' }) as const),
  ...['r', 's'].map((name) => ({ name, mode: 'replace' }) as const),
  { name: 'h', mode: 'append', timeout: '3s' },
  { name: 'i', mode: 'append', timeout: '8s' },
];

export const databaseOf = (root: string, name: string): string => join(root, `${name}.duckdb`);
export const lakeOf = (root: string, name: string): string => join(root, `lake-${name}`);

/** Writes every pipeline and what it reads into a project root. */
export async function writeProject(root: string): Promise<void> {
  const lines = Array.from({ length: rows }, (_, index) => `${index + 1},row ${index + 1}`);
  await writeFile(join(root, 'orders.csv'), `id,note\n${lines.join('\n')}\n`);
  for (const pipeline of pipelines) {
    await writeFile(join(root, `${pipeline.name}.yaml`), configOf(pipeline));
  }
}

function configOf({ name, mode, timeout }: Pipeline): string {
  return `name: ${name}
runner: dataflow
destination_wait: 60s
${timeout === undefined ? '' : `timeout: ${timeout}\n`}sources:
  - name: orders
    module: files
    parameters: { path: orders.csv, columns: { id: int64 } }
sinks:
  - name: warehouse
    module: duckdb
    input: orders
    mode: ${mode}
    parameters: { database: ${name}.duckdb, table: orders }
  - name: lake
    module: files
    input: orders
    mode: ${mode}
    parameters: { path: lake-${name} }
`;
}
