import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inMemory, type TestSink } from '../support.js';

/** A `files` sink on `lake` below the root. */
export function filesSink(root: string, parameters: Record<string, unknown> = {}): TestSink {
  const given = Object.entries({ path: 'lake', format: 'parquet', ...parameters });
  const set = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return { module: 'files', root, parameters: set };
}

function folderOf({ root, parameters }: TestSink): string {
  return join(root, String(parameters['path']));
}

/** The ids that a reader of `current` sees, in order. */
export async function currentRows(sink: TestSink): Promise<string[]> {
  const glob = join(folderOf(sink), 'current', '**', '*.parquet');
  const rows = await inMemory(
    `SELECT id FROM read_parquet('${glob}', hive_partitioning = false) ORDER BY id`,
  );
  return rows.map(({ id }) => String(id));
}

interface LogEntry {
  kind: 'commit' | 'fence';
  version: number;
  folder?: string;
  rows?: number;
  manifest_sha256?: string;
  files?: { path: string; rows: number | null; bytes: number }[];
}

export async function recordOf(sink: TestSink, version: number): Promise<LogEntry> {
  const file = join(folderOf(sink), '_beamline', `${version}.json`);
  return JSON.parse(await readFile(file, 'utf8')) as LogEntry;
}

/** The versions whose data is there. */
export async function versionFolders(sink: TestSink): Promise<number[]> {
  const names = await readdir(folderOf(sink));
  return names
    .flatMap((name) => /^v(\d+)-/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** What is in the log beside its records. */
export async function leftovers(sink: TestSink): Promise<string[]> {
  const names = await readdir(join(folderOf(sink), '_beamline'));
  return names.filter((name) => !/^\d+\.json$/.test(name));
}
