import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { readStackRecord, type StackRecord } from '../../src/dev/environment/stack-record.js';
import { pythonPath } from '../../src/process/python.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { query } from '../support/pipeline.js';
import {
  profileOf,
  projectRoot,
  startDatabase,
  temporaryRoot,
  type Database,
} from '../support/stack.js';
import { until } from '../support/until.js';
import { addRows, fillDatabase } from './source.js';

const folder = join(projectRoot, 'test', 'upgrade');
const main = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
/** All roots of the state have this length: see `state.py`. */
const rootLength = 120;

/** What a command said. */
export interface Said {
  status: number;
  /** The JSON document. */
  said: unknown;
  stderr: string;
}

/** A project with the state that an older version left, and the local stack of today on it. */
export interface OldProject {
  root: string;
  stack: StackRecord;
  /** Receipts that the older version kept, the oldest first. */
  receipts: Receipt[];
  /** SQL on the database that the configs read. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Calls the command line with `--json`. */
  beamline(...args: string[]): Promise<Said>;
  end(): Promise<void>;
}

/** The versions whose state is kept, by their commits. */
export async function keptVersions(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{7}$/.test(entry.name))
    .map(({ name }) => name);
}

/** Opens the state of a version: what it left open goes on at once. */
export async function openProject(version: string): Promise<OldProject> {
  const [database, { root: base, remove }] = await Promise.all([
    startDatabase('postgres'),
    temporaryRoot(),
  ]);
  const root = join(base, 'p'.repeat(rootLength - base.length - 1));
  await mkdir(root);
  const archive = join(folder, version, 'state.tar.xz');
  const run = promisify(execFile);
  await run(pythonPath(), [join(folder, 'state.py'), 'unpack', archive, root]);
  const sql = (text: string) => query(database.ready, text);
  await fillDatabase(sql);
  await addRows(sql);
  await adaptProfiles(join(root, '.connections.json'), database.ready);
  const receipts = await receiptsIn(root);
  const dev = await startDev(root);
  return {
    root,
    receipts,
    sql,
    ...dev,
    beamline: (...args) => beamline(root, ...args),
    async end() {
      await dev.end();
      await database.end();
      await remove();
    },
  };
}

/** The form of the file is that of the older version; the server is another one. */
async function adaptProfiles(file: string, database: Database): Promise<void> {
  const { shop } = JSON.parse(await readFile(file, 'utf8')) as { shop: object };
  await writeFile(file, JSON.stringify({ shop: { ...shop, ...profileOf(database) } }));
}

async function receiptsIn(root: string): Promise<Receipt[]> {
  const runs = join(root, '.beamline', 'store', 'runs');
  const files = (await readdir(runs, { recursive: true })).filter((file) =>
    file.endsWith('receipt.json'),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(runs, file), 'utf8')));
  return texts
    .map((text) => JSON.parse(text) as Receipt)
    .toSorted((a, b) => a.started_at.localeCompare(b.started_at));
}

async function startDev(root: string): Promise<{ stack: StackRecord; end(): Promise<void> }> {
  const [temporal, ui, gateway] = await choosePorts([0, 0, 0]);
  const ports = [`--port=${temporal}`, `--ui-port=${ui}`, `--gateway-port=${gateway}`];
  const child = spawn(process.execPath, [main, 'dev', '--root', root, ...ports], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'exit');
  let stack: StackRecord | null = null;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the stack did not start:\n${stderr}`);
    stack = await readStackRecord(root);
    return stack !== null;
  });
  return {
    stack: stack as unknown as StackRecord,
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function beamline(root: string, ...args: string[]): Promise<Said> {
  const child = spawn(process.execPath, [main, '--json', '--root', root, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(child, 'close')) as [number];
  let said: unknown = null;
  try {
    said = JSON.parse(stdout);
  } catch {
    // A command that was refused may say nothing there.
  }
  return { status, said, stderr };
}
