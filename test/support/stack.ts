import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import { startReadyChild, type ReadyChild } from './child.js';

/** The clone's root, seen from `dist/test/support`. */
export const projectRoot = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

export interface Database {
  kind: 'postgres' | 'mariadb';
  url: string;
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** Starts Temporal's real dev server on a free port. The caller tears it down. */
export async function startTemporal(extraArgs: string[] = []): Promise<TestWorkflowEnvironment> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await TestWorkflowEnvironment.createLocal({
        server: {
          extraArgs,
          executable: { type: 'existing-path', path: findTemporalCli() },
          log: { format: 'json', level: 'error' },
        },
      });
    } catch (error) {
      // Another process may take the free port between the choice and the server's start.
      if (attempt === 3) throw error;
    }
  }
}

/** The connection profile of a database. */
export function profileOf(given: Database): Omit<Database, 'kind' | 'url'> {
  const { host, port, user, password, database } = given;
  return { host, port, user, password, database };
}

/** Starts a throw-away database server; it ends with this process at the latest. */
export function startDatabase(
  kind: Database['kind'],
  args: string[] = [],
): Promise<ReadyChild<Database>> {
  return startReadyChild<Database>('python3', [
    join(projectRoot, 'scripts', 'start-database.py'),
    kind,
    ...args,
  ]);
}

export interface WorkerReady {
  event: 'ready';
  pid: number;
  store: string;
  task_queue: string;
}

/** Starts a real worker process of the project in `root`, wrapped in `command`. */
export function startWorker(
  environment: Pick<TestWorkflowEnvironment, 'address'>,
  root: string,
  env: NodeJS.ProcessEnv = {},
  taskQueue = 'beamline',
  command: string[] = [],
): Promise<ReadyChild<WorkerReady>> {
  const [program, ...args] = [...command, process.execPath];
  return startReadyChild<WorkerReady>(
    program,
    [
      ...args,
      join(projectRoot, 'dist', 'src', 'worker', 'main.js'),
      `--root=${root}`,
      `--task-queue=${taskQueue}`,
    ],
    { cwd: root, env: { ...process.env, TEMPORAL_ADDRESS: environment.address, ...env } },
  );
}

/** A project root of its own for one test; `remove` it afterwards. */
export async function temporaryRoot(): Promise<{ root: string; remove: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'beamline-test-'));
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}
