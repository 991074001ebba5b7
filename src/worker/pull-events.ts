import { temporalAddress } from '../client/server/connection.js';
import { loadSettings } from '../config/settings/settings.js';
import { createEventIntake } from '../gateway/intake/event-intake.js';
import { createEventMetrics } from '../gateway/intake/metrics.js';
import { ownDeployment } from '../gateway/own-deployment.js';
import { type EventPull, startEventPull } from '../gateway/pubsub-pull.js';
import { createRunSignals } from '../gateway/intake/signal-run.js';

export interface PullOptions {
  root: string;
  /** Label `beamline-deployment` of the jobs whose events are taken; default: the settings' own. */
  deployment?: string | undefined;
}

/** Milliseconds to wait for Temporal's answer to a signal. */
const signalWithinMs = 10_000;
/** Milliseconds between two lines that say what became of the events so far. */
const reportEveryMs = 60_000;

/** Pulls the events of jobs beside a worker; a line on standard error says what became of them. */
export function pullEvents({ root, deployment }: PullOptions, subscription: string): EventPull {
  const temporal = temporalAddress(root);
  const runs = createRunSignals(temporal, signalWithinMs);
  const metrics = createEventMetrics();
  const own = () => ownDeployment(loadSettings(root), temporal.namespace ?? 'default');
  const intake = createEventIntake({ runs, deployment: deployment ?? own(), metrics });
  const pull = startEventPull({ subscription, intake, log });
  let told = '';
  const report = async () => {
    const counts = await metrics.totals();
    const line = counts.map(([result, count]) => `${count} ${result}`).join(', ');
    if (line !== told) log(`events so far: ${line}`);
    told = line;
  };
  const timer = setInterval(() => void report(), reportEveryMs);
  timer.unref();
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await pull.stop();
    await report();
    await runs.close();
  };
  return { stop: () => (stopped ??= stop()) };
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}
