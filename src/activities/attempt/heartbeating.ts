import { Context } from '@temporalio/activity';

const everyMs = 1_000;

/** Heartbeats while `activity` runs, so that the loss of its worker is noticed in seconds. */
export function heartbeating<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return (...args) => whileHeartbeating(() => activity(...args));
}

/**
 * Heartbeats while `body` runs: the server's answers bring a cancellation, and tell a worker that
 * was paused that its attempt was replaced. Temporal sends one in 2 s at most (the throttle).
 */
export async function whileHeartbeating<R>(
  body: () => Promise<R>,
  details: () => unknown = () => undefined,
): Promise<R> {
  const context = Context.current();
  // The first after a second: what is done by then needs none, and each is paid for.
  const timer = setInterval(() => context.heartbeat(details()), everyMs);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}
