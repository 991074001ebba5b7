import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ReadyChild } from './child.js';
import { startWorker, temporaryRoot, type WorkerReady } from './stack.js';
import { until } from './until.js';

/** A worker, and on which of its test's hosts it runs. */
export type HostWorker = ReadyChild<WorkerReady> & { host: number };

/** Hosts of one test: project roots that share no disk, a task queue of their own, fault points. */
export interface Hosts {
  roots: string[];
  taskQueue: string;
  /** Starts one more worker on a host; `command` may wrap it, as for a small disk. */
  start(host: number, command?: string[]): Promise<HostWorker>;
  workers: HostWorker[];
  /** Kills the workers of a host and removes its disk. */
  lose(host: number): Promise<void>;
  /** Puts a signal at a fault point (`src/process/fault-point.ts`). */
  arm(point: string, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void>;
  /** Waits until a process was hit there, and returns its id. */
  hit(point: string): Promise<number>;
  /** Ends the workers and removes the roots. */
  end(): Promise<void>;
}

/** For a process to come to a fault point. */
const longestWaitMs = 150_000;

export async function createHosts(
  environment: Pick<TestWorkflowEnvironment, 'address'>,
  taskQueue: string,
  count: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Hosts> {
  const { root: base, remove } = await temporaryRoot();
  const faults = join(base, 'faults');
  const roots = Array.from({ length: count }, (_, index) => join(base, `host-${index}`));
  await Promise.all([faults, ...roots].map((folder) => mkdir(folder)));
  const workers: HostWorker[] = [];
  return {
    roots,
    taskQueue,
    workers,
    async start(host, command) {
      const all = { ...env, BEAMLINE_FAULT_POINTS: faults };
      const root = roots[host] as string;
      const started = await startWorker(environment, root, all, taskQueue, command);
      const worker = Object.assign(started, { host });
      workers.push(worker);
      return worker;
    },
    async lose(host) {
      const lost = workers.filter((worker) => worker.host === host);
      await Promise.all(lost.map((worker) => worker.end('SIGKILL')));
      await rm(roots[host] as string, { recursive: true, force: true });
    },
    arm: (point, signal) => writeFile(join(faults, point), signal),
    async hit(point) {
      const file = join(faults, `${point}.hit`);
      await until(() => existsSync(file), `a process comes to ${point}`, longestWaitMs);
      return Number(await readFile(file, 'utf8'));
    },
    async end() {
      await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
      await remove();
    },
  };
}

/** Pauses a process, and returns when it has stopped: the signal takes effect a moment later. */
export async function pause(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(async () => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    return stat === null || stat.slice(stat.lastIndexOf(')')).startsWith(') T');
  });
}

/** Lets a stopped process go on; nothing if its successor has ended it. */
export function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was ended.
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Staged files that no longer belong to a run, on any of the hosts. */
export async function leftovers(roots: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    const staging = join(root, '.beamline', 'store', 'staging');
    const entries = await readdir(staging, { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    found.push(...entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  }
  return found;
}
