/**
 * `node dist/src/worker/main.js [--root DIR] [--store DIR] [--task-queue NAME]`: hosts workflows and
 * activities. Prints one JSON line on standard output when it is ready.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { temporalAddress } from '../client/connection.js';
import { createWorkers } from './create-workers.js';
import { pythonPath } from '../process/python.js';
import { SearchAttributesMissing } from './search-attributes.js';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: process.cwd() },
    store: { type: 'string' },
    'task-queue': { type: 'string' },
    'log-level': { type: 'string', default: 'INFO' },
  },
});

const root = resolve(values.root);
Runtime.install({
  logger: new DefaultLogger(values['log-level'] as 'INFO'),
  telemetryOptions: { logging: { forward: {}, filter: 'WARN' } },
});
try {
  const workers = await createWorkers({
    root,
    temporal: temporalAddress(root),
    python: pythonPath(),
    ...(values.store === undefined ? {} : { store: values.store }),
    ...(values['task-queue'] === undefined ? {} : { taskQueue: values['task-queue'] }),
  });
  const { storeId, taskQueue } = workers;
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', pid: process.pid, store: storeId, task_queue: taskQueue })}\n`,
  );
  await workers.run();
} catch (error) {
  process.stderr.write(`beamline worker: ${(error as Error).message}\n`);
  // Not `exitCode`: the SDK's runtime, which only a worker shuts down, would keep the process alive.
  process.exit(error instanceof SearchAttributesMissing || isUnreachable(error) ? 3 : 1);
}

function isUnreachable(error: unknown): boolean {
  const text = String(error);
  return /UNAVAILABLE|ECONNREFUSED|Failed to connect|deadline|DEADLINE/.test(text);
}
