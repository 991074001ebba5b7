import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker';
import { temporalAddress } from '../client/server/connection.js';
import type { EventPull } from '../gateway/pubsub-pull.js';
import { pythonPath } from '../process/python.js';
import { createWorkers, type Workers } from './create-workers.js';
import { type HealthServer, startHealthServer } from './health-server.js';
import { TemporalAway, watchStopping } from './stop-in-time.js';
import { SearchAttributesMissing } from './search-attributes.js';

/** Milliseconds for the pull of events to end; what it holds is delivered again. */
const stopWithinMs = 2_000;

/** What the command line says of a worker. */
export interface WorkerFlags {
  root: string;
  store?: string | undefined;
  taskQueue?: string | undefined;
  logLevel?: string | undefined;
  /** `pubsub:projects/<project>/subscriptions/<name>`: events of jobs are pulled from there. */
  events?: string | undefined;
  /** Label `beamline-deployment` of the jobs whose events are taken; default: the settings' own. */
  deployment?: string | undefined;
  /** Port of the health endpoint; 0 is a free one. Without it there is none. */
  healthPort?: string | undefined;
  /** Where the health endpoint listens; default 127.0.0.1. */
  healthHost?: string | undefined;
  /** Children of each kind that wait for a task; default: BEAMLINE_SPARES, else 1. */
  spares?: string | undefined;
}

/**
 * Hosts workflows and activities until a shutdown signal. Prints one JSON line on standard output when
 * it is ready, and what is wrong on standard error.
 *
 * @returns the exit code; the process must be ended with it, since the SDK's runtime keeps it alive
 */
export async function runWorker(flags: WorkerFlags): Promise<0 | 1 | 2 | 3> {
  const subscription = subscriptionOf(flags.events);
  if (subscription === null) {
    complain(
      `--events is \`${flags.events}\`; it is pubsub:projects/<project>/subscriptions/<name>`,
    );
    return 2;
  }
  const port = flags.healthPort;
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65_535)) {
    complain(`--health-port is \`${port}\`; it is a whole number from 0 to 65535`);
    return 2;
  }
  const spares = flags.spares ?? (process.env['BEAMLINE_SPARES'] || '1');
  if (!/^[0-8]$/.test(spares)) {
    complain(`--spares is \`${spares}\`; it is a whole number from 0 to 8`);
    return 2;
  }
  Runtime.install({
    logger: new DefaultLogger((flags.logLevel ?? 'INFO') as LogLevel),
    telemetryOptions: { logging: { forward: {}, filter: 'WARN' } },
  });
  let pull: EventPull | null = null;
  let health: HealthServer | null = null;
  let workers: Workers | null = null;
  const stopping = watchStopping({
    onAsked() {
      void workers?.endSpares();
      void pull?.stop();
    },
    answers: () => workers?.answers() ?? null,
  });
  try {
    const { root, store, taskQueue } = flags;
    if (port !== undefined) {
      const host = flags.healthHost ?? '127.0.0.1';
      health = await startHealthServer(
        { host, port: Number(port) },
        () => workers?.isRunning() ?? false,
      );
    }
    const creating = createWorkers({
      root,
      temporal: temporalAddress(root),
      python: pythonPath(),
      spares: Number(spares),
      ...(store === undefined ? {} : { store }),
      ...(taskQueue === undefined ? {} : { taskQueue }),
    });
    creating.catch(() => undefined);
    workers = await Promise.race([creating, stopping.away]);
    if (subscription !== undefined) {
      // A quarter of what a worker would load is for this alone.
      const { pullEvents } = await import('./pull-events.js');
      pull = pullEvents(flags, subscription);
    }
    const ready = {
      pid: process.pid,
      store: workers.storeId,
      task_queue: workers.taskQueue,
      ...(health && { health: health.url }),
    };
    process.stdout.write(`${JSON.stringify({ event: 'ready', ...ready })}\n`);
    await Promise.race([workers.run(), stopping.away]);
    return 0;
  } catch (error) {
    complain((error as Error).message);
    if (error instanceof TemporalAway) return 3;
    return error instanceof SearchAttributesMissing || isUnreachable(error) ? 3 : 1;
  } finally {
    stopping.forget();
    await Promise.race([pull?.stop(), sleep(stopWithinMs, undefined, { ref: false })]);
    await health?.stop();
  }
}

/** Undefined if no events are pulled, null if the text names no subscription. */
function subscriptionOf(events: string | undefined): string | undefined | null {
  if (events === undefined) return undefined;
  return /^pubsub:(projects\/[^/]+\/subscriptions\/[^/]+)$/.exec(events)?.[1] ?? null;
}

function complain(message: string): void {
  process.stderr.write(`beamline worker: ${message}\n`);
}

function isUnreachable(error: unknown): boolean {
  const text = String(error);
  return /UNAVAILABLE|ECONNREFUSED|Failed to connect|deadline|DEADLINE/.test(text);
}
