import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/**
 * A Pub/Sub in this process, as far as a pulling subscriber sees it: streaming pull, acknowledgement,
 * leases that run out. Made from the protos that the client brings.
 */
export interface PubSubServer {
  /** For `PUBSUB_EMULATOR_HOST`. */
  address: string;
  createSubscription(name: string, options?: { leaseMs?: number }): void;
  publish(
    subscription: string,
    message: { body: string; attributes?: Record<string, string> },
  ): void;
  /** Messages that are not acknowledged, and how often messages were delivered. */
  stateOf(subscription: string): { open: number; deliveries: number };
  close(): void;
}

interface Held {
  message: object;
  ackId: string | null;
  lease?: NodeJS.Timeout;
}
type Stream = ServerDuplexStream<PullRequest, object>;
interface PullRequest {
  subscription?: string;
  ackIds?: string[];
  modifyDeadlineAckIds?: string[];
  modifyDeadlineSeconds?: number[];
}
interface Subscription {
  leaseMs: number;
  messages: Set<Held>;
  streams: Set<Stream>;
  deliveries: number;
}

const protos = createRequire(import.meta.url)(
  '@google-cloud/pubsub/build/protos/protos.json',
) as object;
const definition = fromJSON(protos, { longs: String, enums: String, oneofs: true });

export async function startPubSub(): Promise<PubSubServer> {
  const subscriptions = new Map<string, Subscription>();
  let count = 0;

  function find(name: string | undefined): Subscription {
    const found = subscriptions.get(name ?? '');
    if (found) return found;
    throw Object.assign(new Error(`no subscription ${name}`), { code: status.NOT_FOUND });
  }

  function deliver(subscription: Subscription): void {
    const [stream] = subscription.streams;
    if (!stream) return;
    for (const held of subscription.messages) {
      if (held.ackId !== null) continue;
      held.ackId = `ack-${++count}`;
      subscription.deliveries++;
      extend(subscription, held, subscription.leaseMs);
      stream.write({ receivedMessages: [{ ackId: held.ackId, message: held.message }] });
    }
  }

  function extend(subscription: Subscription, held: Held, ms: number): void {
    clearTimeout(held.lease);
    held.lease = setTimeout(() => giveBack(subscription, held), ms);
  }

  /** Its acknowledgement id is worth nothing from now on. */
  function giveBack(subscription: Subscription, held: Held): void {
    clearTimeout(held.lease);
    held.ackId = null;
    setImmediate(() => deliver(subscription));
  }

  function acknowledge(subscription: Subscription, ackIds: string[] = []): void {
    for (const held of subscription.messages) {
      if (held.ackId === null || !ackIds.includes(held.ackId)) continue;
      clearTimeout(held.lease);
      subscription.messages.delete(held);
    }
  }

  function modify(subscription: Subscription, ackIds: string[], seconds: number): void {
    for (const held of subscription.messages) {
      if (held.ackId === null || !ackIds.includes(held.ackId)) continue;
      if (seconds === 0) giveBack(subscription, held);
      // Tests need not wait as long as the client asks for.
      else extend(subscription, held, subscription.leaseMs);
    }
  }

  const server = new Server();
  const service = definition['google.pubsub.v1.Subscriber'];
  server.addService(service as Parameters<Server['addService']>[0], {
    StreamingPull(stream: Stream) {
      let subscription: Subscription | undefined;
      stream.on('data', (request: PullRequest) => {
        try {
          subscription ??= find(request.subscription);
        } catch (error) {
          stream.emit('error', error);
          return;
        }
        subscription.streams.add(stream);
        acknowledge(subscription, request.ackIds);
        deliver(subscription);
      });
      const leave = () => subscription?.streams.delete(stream);
      stream.on('cancelled', leave);
      stream.on('end', () => {
        leave();
        stream.end();
      });
    },
    Acknowledge: answering<{ subscription: string; ackIds: string[] }>((request) =>
      acknowledge(find(request.subscription), request.ackIds),
    ),
    ModifyAckDeadline: answering<{
      subscription: string;
      ackIds: string[];
      ackDeadlineSeconds?: number;
    }>((request) =>
      modify(find(request.subscription), request.ackIds, request.ackDeadlineSeconds ?? 0),
    ),
  });
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());

  return {
    address: `127.0.0.1:${port}`,
    createSubscription(name, { leaseMs = 10_000 } = {}) {
      subscriptions.set(name, { leaseMs, messages: new Set(), streams: new Set(), deliveries: 0 });
    },
    publish(name, { body, attributes = {} }) {
      const subscription = find(name);
      const message = { data: Buffer.from(body), attributes, messageId: String(++count) };
      subscription.messages.add({ message, ackId: null });
      deliver(subscription);
    },
    stateOf(name) {
      const { messages, deliveries } = find(name);
      return { open: messages.size, deliveries };
    },
    close() {
      for (const { messages } of subscriptions.values()) {
        for (const { lease } of messages) clearTimeout(lease);
      }
      server.forceShutdown();
    },
  };
}

function answering<T>(act: (request: T) => void): handleUnaryCall<T, object> {
  return (call, callback) => {
    try {
      act(call.request);
      callback(null, {});
    } catch (error) {
      callback(error as Error);
    }
  };
}
