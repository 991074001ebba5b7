/**
 * `node dist/src/worker/main.js [--root DIR] [--store DIR] [--task-queue NAME] [--events pubsub:NAME]
 * [--health-port PORT] [--health-host HOST] [--spares N]`: hosts workflows and activities. Prints one JSON line on standard output when it is ready.
 */
import '../process/supported-node.js';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepStatePrivate } from '../process/private-state.js';
import { runWorker } from './run-worker.js';

keepStatePrivate();

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: process.cwd() },
    store: { type: 'string' },
    'task-queue': { type: 'string' },
    'log-level': { type: 'string' },
    events: { type: 'string' },
    deployment: { type: 'string' },
    'health-port': { type: 'string' },
    'health-host': { type: 'string' },
    spares: { type: 'string' },
  },
});

process.exit(
  await runWorker({
    root: resolve(values.root),
    store: values.store,
    taskQueue: values['task-queue'],
    logLevel: values['log-level'],
    events: values.events,
    deployment: values.deployment,
    healthPort: values['health-port'],
    healthHost: values['health-host'],
    spares: values.spares,
  }),
);
