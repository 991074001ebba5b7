import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { type Endpoints, portOf } from '../environment/endpoints.js';
import { type Service, startService } from '../services/service.js';
import { stateOf } from '../environment/stack-record.js';
import type { Surroundings } from './part.js';

/** Starts the Temporal dev server, which keeps its state in `.beamline`, and waits until it serves. */
export function startTemporal(
  cli: string,
  root: string,
  { temporal }: Endpoints,
  { logFileOf, ...common }: Surroundings,
  env: NodeJS.ProcessEnv,
): Promise<Service> {
  return startService({
    ...common,
    name: 'temporal',
    command: cli,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${portOf(temporal.address)}`,
      '--ui-ip=127.0.0.1',
      `--ui-port=${portOf(temporal.ui)}`,
      '--log-level=warn',
      // The server makes an address of it, in which `?`, `#`, `%` and `;` of a folder's name would mean something.
      '--db-filename=temporal.sqlite',
    ],
    cwd: stateOf(root),
    env,
    logFile: logFileOf('temporal'),
    ready: (signal) => untilServing(temporal, signal),
  });
}

async function untilServing(
  { address, namespace }: Endpoints['temporal'],
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
