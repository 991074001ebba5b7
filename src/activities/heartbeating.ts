import { Context } from '@temporalio/activity';

/** Heartbeats while `activity` runs, so that the loss of its worker is noticed in seconds. */
export function heartbeating<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const context = Context.current();
    context.heartbeat();
    const timer = setInterval(() => context.heartbeat(), 2_000);
    try {
      return await activity(...args);
    } finally {
      clearInterval(timer);
    }
  };
}
