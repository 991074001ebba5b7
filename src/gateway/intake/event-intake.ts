import type { EventMetrics, EventResult, EventWay } from './metrics.js';
import { MalformedEvent } from './malformed-event.js';
import { jobEventOf } from './job-event.js';
import type { OpenedMessage } from './open-message.js';
import { createSignalLimit } from './signal-limit.js';
import type { RunSignals } from './signal-run.js';

/** What became of one message; `reason` says what is wrong with a malformed one. */
export interface Intake {
  result: EventResult;
  reason?: string;
}

/** Takes one message in, from opening it to Temporal's answer. Never throws. */
export type EventIntake = (way: EventWay, open: () => OpenedMessage) => Promise<Intake>;

export interface EventIntakeOptions {
  runs: Pick<RunSignals, 'signal'>;
  /** The only deployment whose jobs are taken; null takes those of any. */
  deployment: string | null;
  metrics: EventMetrics;
}

/** The way of every event, however it came in: opened, decoded, counted, and signalled to its run. */
export function createEventIntake({ runs, deployment, metrics }: EventIntakeOptions): EventIntake {
  const limited = createSignalLimit();

  async function take(open: () => OpenedMessage): Promise<Intake> {
    const message = open();
    if (message.kind === 'other_type') return { result: 'other_type' };
    const decoded = jobEventOf(message.data, deployment);
    if (decoded.kind === 'ignored') return { result: decoded.reason };
    const { workflowId, event } = decoded;
    const result = await limited(workflowId, event, async () => {
      const startedAt = performance.now();
      const sent = await runs.signal(workflowId, event);
      metrics.observeSignal((performance.now() - startedAt) / 1000);
      return sent;
    });
    return { result };
  }

  return async (way, open) => {
    const intake = await take(open).catch((error: unknown): Intake => {
      if (error instanceof MalformedEvent) return { result: 'malformed', reason: error.message };
      return { result: 'unavailable' };
    });
    metrics.count(way, intake.result);
    return intake;
  };
}

/** Whether the sender shall deliver the message again: only what time can mend. */
export function isToBeSentAgain(result: EventResult): boolean {
  return result === 'unavailable' || result === 'too_many';
}
