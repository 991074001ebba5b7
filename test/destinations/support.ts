import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type {
  Commit,
  PublishRequest,
  SinkMode,
  Standing,
} from '../../src/destinations/destination.js';
import type { PublisherEvent, PublisherTask } from '../../src/destinations/publisher-process.js';
import { readJsonLines } from '../../src/process/json-lines.js';
import type { FailureType } from '../../src/shared/failures.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import { pythonPath } from '../../src/process/python.js';
import { projectRoot } from '../support/stack.js';

export const publisherProgram = join(
  projectRoot,
  'dist',
  'src',
  'destinations',
  'publisher-process.js',
);

/** How a publisher process ended. */
export type End =
  | { kind: 'done'; result: unknown }
  | { kind: 'failed'; type: FailureType; message: string; cause?: string }
  | { kind: 'ended'; signal: NodeJS.Signals | null; stderr: string };

export interface RunningPublisher {
  pid: number;
  end: Promise<End>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a publisher as the worker does. `command` may wrap it, as for another user. */
export function startPublisher(
  task: PublisherTask,
  env: NodeJS.ProcessEnv = {},
  command: string[] = [],
): RunningPublisher {
  const [program, ...args] = [...command, process.execPath, publisherProgram];
  const child = spawn(program, args, {
    cwd: task.context.root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let last: PublisherEvent | undefined;
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  readJsonLines(
    child.stdout,
    (event) => {
      if ((event as PublisherEvent).event !== 'tick') last = event as PublisherEvent;
    },
    (line) => (stderr += `${line}\n`),
  );
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(task)}\n`);
  const end = once(child, 'close').then(([, signal]): End => {
    if (last?.event === 'done') return { kind: 'done', result: last.result };
    if (last?.event === 'failed') return { kind: 'failed', ...last.failure };
    return { kind: 'ended', signal: signal as NodeJS.Signals | null, stderr };
  });
  return { pid: child.pid as number, end, kill: (signal) => void child.kill(signal) };
}

/** The destination of one test: what a run's activities would ask of it. */
export interface TestSink {
  module: string;
  parameters: Record<string, unknown>;
  root: string;
  waitMs?: number;
}

export interface Publishing extends Partial<
  Pick<
    PublishRequest,
    | 'merge'
    | 'onSchemaChange'
    | 'windows'
    | 'again'
    | 'origin'
    | 'stagedRemote'
    | 'readAt'
    | 'overNewer'
  >
> {
  run: string;
  base: number;
  staged: ManifestSink;
  mode?: SinkMode;
  /** Default: one manifest per run. */
  manifest?: string;
}

/** After every commit that a test writes into a log by hand. */
const publishedAt = Date.UTC(2100, 0, 1);
let publishes = 0;

/** Where the rows of a commit are from. */
export const sampleOrigin = {
  pipeline: 'test',
  planSha256: 'plan',
  manifestUri: '/staging/manifest.json',
  manifestSha256: 'manifest',
  storeId: 'store',
  sinks: ['sink'],
};

/** What is asked later was read later, unless the test says when it was read. */
export function publishTask(sink: TestSink, publishing: Publishing): PublisherTask {
  const {
    run,
    base,
    staged,
    mode = 'replace',
    manifest = `manifest of ${run}`,
    ...rest
  } = publishing;
  const request: PublishRequest = {
    destination: sink.module,
    baseVersion: base,
    runKey: run,
    sink: 'sink',
    mode,
    merge: null,
    onSchemaChange: 'fail',
    windows: [],
    again: false,
    readAt: new Date(publishedAt + ++publishes).toISOString(),
    overNewer: false,
    origin: { ...sampleOrigin, manifestSha256: manifest },
    manifestSha256: manifest,
    staged,
    stagedRemote: null,
    ...rest,
  };
  return taskOf(sink, { kind: 'publish', request });
}

export function fenceTask(sink: TestSink, run: string, base: number): PublisherTask {
  const identity = { destination: sink.module, baseVersion: base, runKey: run, sink: 'sink' };
  return taskOf(sink, { kind: 'fence', identity });
}

export function inspectTask(sink: TestSink): PublisherTask {
  return taskOf(sink, { kind: 'inspect', run: { runKey: 'another', sink: 'sink' } });
}

/** The version that a destination is at. */
export async function versionOf(sink: TestSink): Promise<number> {
  return versionIn(inspectTask(sink));
}

export async function versionIn(task: PublisherTask): Promise<number> {
  return (await done<Standing>(task)).version;
}

export function positionTask(sink: TestSink, keys: string[], column: string): PublisherTask {
  return taskOf(sink, { kind: 'position', sources: keys.map((key) => ({ key, column })) });
}

/** Runs one publisher to its end, which must be good. */
export async function done<T = Commit>(task: PublisherTask): Promise<T> {
  const end = await startPublisher(task).end;
  if (end.kind !== 'done') throw new Error(`the publisher did not succeed: ${JSON.stringify(end)}`);
  return end.result as T;
}

/** Runs one publisher to its end, which must be a failure. */
export async function failed(
  task: PublisherTask,
  env: NodeJS.ProcessEnv = {},
  command: string[] = [],
): Promise<Extract<End, { kind: 'failed' }>> {
  const end = await startPublisher(task, env, command).end;
  if (end.kind !== 'failed') throw new Error(`the publisher did not fail: ${JSON.stringify(end)}`);
  return end;
}

/** Runs a publisher that is hit by a signal at a fault point; resolves once it is. */
export async function startWithFault(
  task: PublisherTask,
  point: string,
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<RunningPublisher> {
  const folder = join(task.context.root, 'faults');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, point), signal);
  const publisher = startPublisher(task, { BEAMLINE_FAULT_POINTS: folder });
  const hit = join(folder, `${point}.hit`);
  const isHit = () => existsSync(hit) && readFileSync(hit, 'utf8') === String(publisher.pid);
  let ended: End | undefined;
  void publisher.end.then((end) => (ended = end));
  while (!isHit()) {
    if (ended) throw new Error(`${point} was not reached: ${JSON.stringify(ended)}`);
    await sleep(10);
  }
  if (signal === 'SIGKILL') await publisher.end;
  else await sleep(50); // The signal follows the mark.
  return publisher;
}

/** Arrow's names of the types that these tests stage with DuckDB. */
const arrowTypes: Record<string, string> = {
  BIGINT: 'int64',
  INTEGER: 'int32',
  VARCHAR: 'string',
  DATE: 'date32[day]',
  DOUBLE: 'double',
  BOOLEAN: 'bool',
  TIMESTAMP: 'timestamp[us]',
  'TIMESTAMP WITH TIME ZONE': 'timestamp[us, tz=UTC]',
};

function arrowTypeOf(type: string): string {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return `decimal128(${precision}, ${scale ?? 0})`;
  return arrowTypes[type] ?? type;
}

/** A query of one row for each id. */
export function ids(first: number, last: number): string {
  return `SELECT range AS id, 'name ' || range AS name FROM range(${first}, ${last + 1})`;
}

let stagings = 0;

/** Stages the rows of a query as Beam would; several queries are several files. */
export async function stage(root: string, ...queries: string[]): Promise<ManifestSink> {
  const folder = join(root, 'staging', String(++stagings));
  await mkdir(folder, { recursive: true });
  const files: ManifestSink['files'] = [];
  let schema: ManifestSink['schema'] = [];
  for (const [index, query] of queries.entries()) {
    const uri = join(folder, `part-${index}.parquet`);
    await inMemory(`COPY (${query}) TO '${uri}' (FORMAT parquet, COMPRESSION zstd)`);
    const columns = await inMemory(`DESCRIBE SELECT * FROM '${uri}'`);
    schema = columns.map(({ column_name: name, column_type: type }) => ({
      name: String(name),
      type: arrowTypeOf(String(type)),
      nullable: true,
    }));
    const [row] = await inMemory(`SELECT count(*)::int AS n FROM '${uri}'`);
    files.push({ uri, rows: Number(row?.['n']), bytes: (await stat(uri)).size });
  }
  const sum = (of: (file: ManifestSink['files'][number]) => number) =>
    files.reduce((total, file) => total + of(file), 0);
  return {
    input: 'step',
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    schema,
    files,
  };
}

/** Stages a group of `staged_types.py`, with pyarrow as Beam does. */
export async function stageTypes(root: string, group: string): Promise<ManifestSink> {
  const folder = join(root, 'staging', String(++stagings));
  await mkdir(folder, { recursive: true });
  const script = join(projectRoot, 'test', 'destinations', 'staged_types.py');
  const { stdout } = await promisify(execFile)(pythonPath(), [
    script,
    join(folder, 'part.parquet'),
    group,
  ]);
  return JSON.parse(stdout) as ManifestSink;
}

/** Runs one statement in a DuckDB of its own. */
export async function inMemory(sql: string): Promise<Record<string, unknown>[]> {
  return onDuckdb(':memory:', sql);
}

/** Runs statements on a database file that nobody has open; returns the last one's rows. */
export async function onDuckdb(file: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function taskOf(
  { module, parameters, root, waitMs = 5000 }: TestSink,
  action: PublisherTask['action'],
): PublisherTask {
  return { module, parameters, context: { root, storeId: 'store' }, waitMs, action };
}
