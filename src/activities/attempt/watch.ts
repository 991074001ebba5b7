import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { failure } from '../../shared/failures.js';
import { cancellationOf } from './cancellation.js';
import { assertAwaited } from './assert-awaited.js';

const lookEveryMs = 500;

/**
 * Runs `body` with a check of whether this attempt still counts, for what cannot be taken back. The
 * check throws if the activity was cancelled, if the attempt's time is over, or if this process was
 * paused for so long that the server has given the attempt up: another one is at work then.
 */
export async function whileWatched<R>(
  client: Client,
  body: (assertCounts: () => Promise<void>) => Promise<R>,
): Promise<R> {
  const { info, cancellationSignal } = Context.current();
  const startedAt = Date.now();
  let lookedAt = startedAt;
  let pausedMs = 0;
  const look = (): number => {
    const now = Date.now();
    pausedMs = Math.max(pausedMs, now - lookedAt);
    lookedAt = now;
    return now;
  };
  const timer = setInterval(look, lookEveryMs);
  try {
    return await body(async () => {
      await assertAwaited(client);
      const tookMs = look() - startedAt;
      if (cancellationSignal.aborted) throw await cancellationOf();
      if (isOver(tookMs, info.startToCloseTimeoutMs) || isOver(pausedMs, info.heartbeatTimeoutMs)) {
        throw failure(
          'WorkerShutdown',
          `this attempt took ${tookMs} ms, ${pausedMs} ms of them without a sign of life: another one goes on`,
        );
      }
    });
  } finally {
    clearInterval(timer);
  }
}

/** A timeout of 0 or undefined is none. */
function isOver(ms: number, timeoutMs: number | undefined): boolean {
  return timeoutMs !== undefined && timeoutMs > 0 && ms >= timeoutMs;
}
