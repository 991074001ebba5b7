import type { Payload } from '@temporalio/common';

const payload = (encoding: string, data: string): Payload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});

/** What anybody may send who speaks Temporal's API. */
export const payloads = {
  /** Of an encoding that nobody here knows. */
  strange: payload('binary/strange', 'x'),
  /** Says that it is JSON, and is none. */
  broken: payload('json/plain', '{'),
  /** JSON that no recursive reader or writer gets through. */
  deep: payload('json/plain', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  none: payload('binary/null', ''),
  noMetadata: { data: Buffer.from('x') } as Payload,
};

/** A value as JSON. */
export function json(value: unknown): Payload {
  return payload('json/plain', JSON.stringify(value));
}

/** A text that is as large as the gateway's bodies were, and as Temporal takes at most. */
export const huge = 'x'.repeat(900_000);
