import { setTimeout as sleep } from 'node:timers/promises';
import { DataflowUnavailable, type Dataflow } from '../../gateways/dataflow.js';
import type { JobMessage, JobReference } from '../../shared/run/job.js';

/** From the most important. */
export const levels = ['error', 'warning', 'basic', 'detailed', 'debug'] as const;

/** Milliseconds between two looks at a job's messages. */
const lookEveryMs = 5_000;

/** `2026-11-25 03:04:11Z  error    text`, later lines below the text. */
export function messageLines({ time, importance, text }: JobMessage): string[] {
  const head = `${time.slice(0, 10)} ${time.slice(11, 19)}Z  ${importance.padEnd(8)}`;
  return text
    .split('\n')
    .map((line, index) => `${index === 0 ? head : ' '.repeat(head.length)} ${line}`);
}

/** Yields a job's messages as they come, each once, until `ended` is aborted and the rest is read. */
export async function* followMessages(
  dataflow: Pick<Dataflow, 'messages'>,
  job: JobReference,
  {
    minimum,
    ended,
    everyMs = lookEveryMs,
  }: {
    minimum: JobMessage['importance'];
    ended: AbortSignal;
    everyMs?: number;
  },
): AsyncGenerator<JobMessage, void, void> {
  const seen = new Set<string>();
  let since: string | undefined;
  for (let isLast = false; ; isLast = ended.aborted) {
    const messages = await dataflow
      .messages(job, { minimum, ...(since === undefined ? {} : { since }) })
      .catch(unlessUnavailable);
    for (const message of messages) {
      const key = JSON.stringify(message);
      if (seen.has(key)) continue;
      seen.add(key);
      since = message.time;
      yield message;
    }
    if (isLast) return;
    await sleep(everyMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Once without an answer is no end. */
function unlessUnavailable(error: unknown): JobMessage[] {
  if (error instanceof DataflowUnavailable) return [];
  throw error;
}
