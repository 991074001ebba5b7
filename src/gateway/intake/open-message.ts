import { HTTP, type CloudEvent } from 'cloudevents';
import { z } from 'zod';
import { MalformedEvent, parseJson } from './malformed-event.js';

/** A message as it came in: over HTTP, or as a Pub/Sub message whose attributes are the headers. */
export interface IncomingMessage {
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

/** Bytes of a message. Eventarc's events have 512 kB at most; base64 and an envelope add a third. */
export const largestMessage = 1_048_576;
/** Envelopes around an event: Eventarc's event of a Pub/Sub message that holds a CloudEvent. */
const mostEnvelopes = 2;

/** What is in a message: the data of a Dataflow event, or an event of another type. */
export type OpenedMessage = { kind: 'job'; data: unknown } | { kind: 'other_type'; type: string };

export const statusChangedType = 'google.cloud.dataflow.job.v1beta3.statusChanged';
/** How Eventarc wraps a message of a Pub/Sub topic. */
const publishedType = 'google.cloud.pubsub.topic.v1.messagePublished';

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const pushEnvelope = z.object({
  message: z.object({
    data: z.string().default(''),
    attributes: z.record(z.string(), z.string()).default({}),
  }),
  subscription: z.string(),
});

/**
 * Unwraps a message: a CloudEvent in binary or structured mode, Eventarc's Pub/Sub event, or the body
 * of a Pub/Sub push.
 *
 * @throws {@link MalformedEvent}
 */
export function openMessage({ headers, body }: IncomingMessage): OpenedMessage {
  if (isCloudEvent(headers)) return openCloudEvent(headers, body, 0);
  const document = parseJson(body, 'the body');
  const push = pushEnvelope.safeParse(document);
  if (!push.success) {
    throw new MalformedEvent('the body is neither a CloudEvent nor a Pub/Sub push message');
  }
  return openPush(push.data, 0);
}

/**
 * Unwraps a message of a Pub/Sub topic. Its attributes are those of a CloudEvent if Eventarc's
 * transport published it; a message without them holds a structured CloudEvent or the bare data.
 *
 * @throws {@link MalformedEvent}
 */
export function openPubSubMessage(message: IncomingMessage): OpenedMessage {
  return openMessageIn(message, 0);
}

function openMessageIn({ headers, body }: IncomingMessage, envelopes: number): OpenedMessage {
  if (Buffer.byteLength(body) > largestMessage) {
    throw new MalformedEvent(`the message has more than ${largestMessage} bytes`);
  }
  if (isCloudEvent(headers)) return openCloudEvent(headers, body, envelopes);
  const document = parseJson(body, "the message's data");
  const isStructured =
    typeof document === 'object' && document !== null && 'specversion' in document;
  if (!isStructured) return { kind: 'job', data: document };
  return openCloudEvent({ 'content-type': 'application/cloudevents+json' }, body, envelopes);
}

function openPush({ message }: z.infer<typeof pushEnvelope>, envelopes: number): OpenedMessage {
  if (envelopes >= mostEnvelopes) throw new MalformedEvent('the event is wrapped too often');
  const body = Buffer.from(message.data, 'base64').toString('utf8');
  return openMessageIn({ headers: lowerCased(message.attributes), body }, envelopes + 1);
}

function openCloudEvent(
  headers: IncomingMessage['headers'],
  body: string,
  envelopes: number,
): OpenedMessage {
  const { type, data } = parseEvent(headers, body);
  if (type === publishedType) {
    const push = pushEnvelope.safeParse(data);
    if (push.success) return openPush(push.data, envelopes);
    throw new MalformedEvent('the Pub/Sub event has no message');
  }
  if (type !== statusChangedType) return { kind: 'other_type', type: type.slice(0, 200) };
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) {
    throw new MalformedEvent(
      "the event's data is not JSON: the trigger's event data content type must be application/json",
    );
  }
  return { kind: 'job', data };
}

function parseEvent(headers: IncomingMessage['headers'], body: string): CloudEvent<unknown> {
  try {
    // The SDK looks parsers up by the bare media type.
    const contentType = (headers['content-type'] ?? 'application/json').split(';')[0]?.trim();
    const event = HTTP.toEvent<unknown>({
      headers: { ...headers, 'content-type': contentType },
      body,
    });
    if (!Array.isArray(event) && (event as CloudEvent<unknown>).validate()) {
      return event as CloudEvent<unknown>;
    }
  } catch {
    // The SDK's messages may quote the body.
  }
  throw new MalformedEvent('the message is not a valid CloudEvent (version 1.0)');
}

function isCloudEvent(headers: IncomingMessage['headers']): boolean {
  return (
    headers['ce-id'] !== undefined ||
    (headers['content-type'] ?? '').startsWith('application/cloudevents')
  );
}

/** Attributes keep the case they were published with; a header's name has none. */
export function lowerCased(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
