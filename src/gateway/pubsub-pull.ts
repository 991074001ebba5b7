import { setTimeout as sleep } from 'node:timers/promises';
import { type PulledMessage, pullSubscription } from '../gateways/pubsub.js';
import { type EventIntake, type Intake, isToBeSentAgain } from './intake/event-intake.js';
import { openPubSubMessage } from './intake/open-message.js';

export interface EventPullOptions {
  /** `projects/<project>/subscriptions/<name>` */
  subscription: string;
  intake: EventIntake;
  /** One line for the log: what went wrong. Never a message's body. */
  log: (line: string) => void;
}

/** A subscription whose events are passed on to their runs. */
export interface EventPull {
  /** What is being signalled is finished; what waits for Temporal is given back to Pub/Sub. */
  stop: () => Promise<void>;
}

/** Messages that are held while Temporal is down; Pub/Sub keeps the others. */
const maxMessages = 100;
const maxBytes = 33_554_432;
const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** Milliseconds that a message waits here for Temporal, before another process may have it. */
const patienceMs = 600_000;

/**
 * Pulls the events of jobs for networks that nobody can send a request into. A message is acknowledged
 * when its signal is in Temporal, or when no run can ever want it. While Temporal is down it is held,
 * its lease extended and the signal tried again, ever more rarely: a nack would be delivered again at
 * once, and counts towards the subscription's dead-letter limit.
 *
 * A process that was paused wakes with leases that ran out: it signals what was signalled by another
 * meanwhile, which is a repeated hint, and its acknowledgement changes nothing.
 */
export function startEventPull({ subscription, intake, log }: EventPullOptions): EventPull {
  const stopping = new AbortController();

  async function decide(message: PulledMessage): Promise<'ack' | 'nack'> {
    const { result, reason } = await untilTaken(message);
    // Delivered again it would be as malformed, and nobody would see it in a subscription without a
    // dead-letter topic: it is in the metrics and in this line.
    if (result === 'malformed') log(`events: a message of ${subscription} is malformed: ${reason}`);
    return isToBeSentAgain(result) ? 'nack' : 'ack';
  }

  async function untilTaken({ attributes, body }: PulledMessage): Promise<Intake> {
    const since = Date.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const taken = await intake('pubsub', () => openPubSubMessage({ headers: attributes, body }));
      if (!isToBeSentAgain(taken.result)) return taken;
      if (stopping.signal.aborted || Date.now() - since > patienceMs) return taken;
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return taken;
    }
  }

  const pulled = pullSubscription({
    name: subscription,
    maxMessages,
    maxBytes,
    onMessage: decide,
    onTrouble: (message, delayMs) =>
      log(`events: ${message}; trying again in ${Math.round(delayMs / 1000)} s`),
  });
  return {
    async stop() {
      stopping.abort();
      await pulled.stop();
    },
  };
}
