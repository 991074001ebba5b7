import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { z } from 'zod';
import { endRecordedProcesses } from '../process/process-record.js';
import { deferred } from './deferred.js';
import { choosePort } from './ports.js';
import { type Service, lastLines, startService } from './service.js';
import {
  claimStack,
  removeStackRecord,
  type StackRecord,
  stateOf,
  writeStackRecord,
} from './stack-record.js';
import { findTemporalCli } from './temporal-cli.js';
import { packageRoot } from './tools.js';

export interface StackOptions {
  /** The project root; the state of the stack is in its `.beamline`. */
  root: string;
  /** The Temporal server's port if it is free, else another one. */
  port?: number;
  uiPort?: number;
  /** When aborted before everything is ready, what was started is stopped and the start rejects. */
  signal?: AbortSignal;
  /** Called when a service is ready. */
  onReady?(service: { name: string; ms: number; note: string }): void;
}

export interface Stack {
  record: StackRecord;
  /** Says which service ended by itself, with the end of its log: the stack is of no use then. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

const readyLine = z.object({
  event: z.literal('ready'),
  store: z.string(),
  task_queue: z.string(),
});
const readyWithinMs = 60_000;

/**
 * Starts the Temporal dev server and a worker and waits until both are ready. What an earlier stack
 * of this root left behind when it was killed is ended first.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root } = options;
  const state = stateOf(root);
  const temporalCli = findTemporalCli();
  const release = await claimStack(root);
  const services: Service[] = [];
  const stop = async () => {
    // The worker first: it tells Temporal what it gives up.
    for (const service of services.toReversed()) await service.stop();
    await removeStackRecord(root);
    await release();
  };
  const common = {
    cwd: root,
    records: join(state, 'processes', 'dev'),
    readyWithinMs,
    signal: options.signal ?? new AbortController().signal,
  };
  const start = async (service: Omit<Parameters<typeof startService>[0], keyof typeof common>) => {
    const startedAt = performance.now();
    const started = await startService({ ...common, ...service });
    services.push(started);
    return { pid: started.pid, ms: performance.now() - startedAt };
  };
  try {
    await endRecordedProcesses(common.records);
    await removeStackRecord(root);
    const port = await choosePort(options.port ?? 7233);
    const uiPort = await choosePort(options.uiPort ?? 8233);
    const temporal = {
      address: `127.0.0.1:${port}`,
      namespace: 'default',
      ui: `http://127.0.0.1:${uiPort}`,
    };
    await writeFile(configFile(root), configOf(temporal));
    const env = stackEnvironment(root);
    const server = await start({
      name: 'temporal',
      command: temporalCli,
      args: [
        'server',
        'start-dev',
        '--ip=127.0.0.1',
        `--port=${port}`,
        '--ui-ip=127.0.0.1',
        `--ui-port=${uiPort}`,
        '--log-level=warn',
        `--db-filename=${join(state, 'temporal.sqlite')}`,
      ],
      env,
      logFile: join(state, 'logs', 'temporal.log'),
      ready: (signal) => untilServing(temporal, signal),
    });
    const moved = port === (options.port ?? 7233) ? '' : ` (${options.port ?? 7233} is taken)`;
    options.onReady?.({
      name: 'temporal',
      ms: server.ms,
      note: `${temporal.address}${moved} · web ui ${temporal.ui}`,
    });

    const identity = deferred<z.infer<typeof readyLine>>();
    const worker = await start({
      name: 'worker',
      command: process.execPath,
      args: [join(packageRoot, 'dist', 'src', 'worker', 'main.js'), '--root', root],
      env,
      logFile: join(state, 'logs', 'worker.log'),
      onEvent: (event) => {
        const { success, data } = readyLine.safeParse(event);
        if (success) identity.resolve(data);
      },
      ready: () => identity.promise,
    });
    const { store, task_queue } = await identity.promise;
    options.onReady?.({ name: 'worker', ms: worker.ms, note: `task queue ${task_queue}` });

    const record: StackRecord = {
      pid: process.pid,
      temporal,
      worker: { pid: worker.pid, store, task_queue },
    };
    await writeStackRecord(root, record);
    const broken = Promise.race(
      services.map(async ({ name, ended, logFile }) => {
        const how = await ended;
        return `${name} ${how}. The end of ${logFile}:\n${lastLines(logFile)}`;
      }),
    );
    return { record, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Temporal's own configuration file, for the worker and for the `temporal` CLI. */
function configOf({ address, namespace }: StackRecord['temporal']): string {
  return `[profile.default]\naddress = "${address}"\nnamespace = "${namespace}"\n`;
}

/** This process's environment for a child that talks to the local stack, whatever Temporal it names. */
export function stackEnvironment(root: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: configFile(root) };
}

function configFile(root: string): string {
  return join(stateOf(root), 'temporal.toml');
}

async function untilServing(
  { address, namespace }: StackRecord['temporal'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1000 });
      try {
        await connection.workflowService.describeNamespace({ namespace });
        return;
      } finally {
        await connection.close();
      }
    } catch {
      await sleep(100);
    }
  }
}
