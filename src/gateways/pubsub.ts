import { setTimeout as sleep } from 'node:timers/promises';
import {
  Duration,
  type Message,
  PubSub,
  type Subscription as ClientSubscription,
} from '@google-cloud/pubsub';

/** A message of a subscription. */
export interface PulledMessage {
  /** Attribute names in lower case. */
  attributes: Record<string, string>;
  body: string;
}

export interface SubscriptionOptions {
  /** `projects/<project>/subscriptions/<name>` */
  name: string;
  /** Decides about one message: taken for good, or to be delivered again. Never rejects. */
  onMessage(message: PulledMessage): Promise<'ack' | 'nack'>;
  /** The subscription cannot be read; it is tried again after `delayMs`. */
  onTrouble(message: string, delayMs: number): void;
  /** Messages that are held at the same time, at most. */
  maxMessages: number;
  /** Bytes of the messages that are held at the same time, at most. */
  maxBytes: number;
}

/** A subscription that is being pulled. */
export interface PulledSubscription {
  /** Asks for no more, waits for what is being decided, and closes. */
  stop: () => Promise<void>;
}

/** Thrown for a name that is not `projects/<project>/subscriptions/<name>`. */
export class NotASubscription extends Error {
  override readonly name = 'NotASubscription';
}

const firstDelayMs = 1_000;
const longestDelayMs = 60_000;
/** Milliseconds to wait at the end for decisions, and then for the client to close. */
const stopWithinMs = 15_000;

/**
 * Pulls a Pub/Sub subscription until it is stopped, over every error. `PUBSUB_EMULATOR_HOST` points it
 * at a stand-in. While a message is being decided its lease is extended, for an hour at most.
 *
 * @throws {@link NotASubscription}
 */
export function pullSubscription(options: SubscriptionOptions): PulledSubscription {
  const [, projectId, name] =
    /^projects\/([^/]+)\/subscriptions\/([^/]+)$/.exec(options.name) ?? [];
  if (projectId === undefined || name === undefined) {
    throw new NotASubscription(
      `\`${options.name}\` is not a subscription; it is projects/<project>/subscriptions/<name>`,
    );
  }
  const client = new PubSub({ projectId });
  const stopping = new AbortController();
  const deciding = new Set<Promise<void>>();
  let delayMs = firstDelayMs;
  let opened = open();

  function open(): ClientSubscription {
    const subscription = client.subscription(name ?? '', {
      flowControl: {
        maxMessages: options.maxMessages,
        maxBytes: options.maxBytes,
        allowExcessMessages: false,
      },
      closeOptions: { timeout: Duration.from({ milliseconds: stopWithinMs }) },
    });
    subscription.on('message', (message) => {
      delayMs = firstDelayMs;
      const decision = decide(message).finally(() => deciding.delete(decision));
      deciding.add(decision);
    });
    // The client has closed the subscription when it says so, and has retried what can be retried.
    subscription.once('error', (trouble) => void reopen(trouble));
    return subscription;
  }

  async function decide(message: Message): Promise<void> {
    const verdict = await options.onMessage({
      attributes: lowerCased(message.attributes),
      body: message.data.toString('utf8'),
    });
    // Under exactly-once delivery an acknowledgement can fail: the message comes again, harmlessly.
    const sent = verdict === 'ack' ? message.ackWithResponse() : message.nackWithResponse();
    await sent.catch(() => undefined);
  }

  async function reopen(trouble: { message: string }): Promise<void> {
    if (stopping.signal.aborted) return;
    options.onTrouble(`${options.name}: ${trouble.message}`, delayMs);
    const waited = delayMs;
    delayMs = Math.min(delayMs * 2, longestDelayMs);
    await opened.close().catch(() => undefined);
    await sleep(waited, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (!stopping.signal.aborted) opened = open();
  }

  return {
    async stop() {
      stopping.abort();
      const late = sleep(stopWithinMs, undefined, { ref: false });
      await Promise.race([Promise.all(deciding), late]);
      await opened.close();
      await client.close();
    },
  };
}

function lowerCased(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
