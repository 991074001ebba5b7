/**
 * The worker that is measured: the real one, on a queue and a store of its own, with the SDK's metrics
 * at a port. `--in-process-publisher` leaves the processes of the publisher out.
 */
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { temporalAddress } from '../../src/client/server/connection.js';
import { pythonPath } from '../../src/process/python.js';
import { createWorkers } from '../../src/worker/create-workers.js';
import { inProcessPublisher } from './in-process-publisher.js';
import { benchQueue } from './site.js';

const [root = '', metricsPort = '', ...flags] = process.argv.slice(2);
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } },
});
const workers = await createWorkers(
  {
    root,
    store: join(root, '.beamline', 'bench-store'),
    taskQueue: benchQueue,
    python: pythonPath(),
    temporal: temporalAddress(root),
  },
  flags.includes('--in-process-publisher') ? inProcessPublisher : undefined,
);
process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`);
await workers.run();
process.exit(0);
