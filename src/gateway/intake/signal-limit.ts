import type { JobEvent } from '../../shared/run/job.js';
import type { SignalResult } from './signal-run.js';

/** Signals that one run gets from one process within {@link windowMs}. */
export const signalsPerWindow = 30;
export const windowMs = 30_000;
/** Milliseconds in which the same claim is passed on once. */
export const repeatMs = 10_000;
/** Runs and claims that are remembered at most. */
const longestMemory = 10_000;

/** Sends a signal, unless it may not be sent now. */
export type LimitedSignal = (
  workflowId: string,
  event: JobEvent,
  send: () => Promise<SignalResult>,
) => Promise<SignalResult | 'repeated' | 'too_many'>;

/**
 * Keeps a flood of events out of a run's history, where every signal costs a place of 50 K and money.
 * The same claim (run, job, state) is passed on once in {@link repeatMs}, together with those that
 * came while it was under way: they share its fate. Of different claims a run gets
 * {@link signalsPerWindow} in {@link windowMs}; what is more is to be delivered again later.
 *
 * A memory of this process only: nothing is lost if it ends, and two processes pass on twice as much.
 */
export function createSignalLimit(now: () => number = Date.now): LimitedSignal {
  const claims = new Map<string, { at: number; result: Promise<SignalResult> }>();
  const windows = new Map<string, { since: number; count: number }>();

  return async (workflowId, event, send) => {
    const key = JSON.stringify([workflowId, event.jobId, event.state]);
    const earlier = claims.get(key);
    if (earlier && now() - earlier.at < repeatMs) {
      const result = await earlier.result;
      return result === 'signalled' ? 'repeated' : result;
    }
    if (!isWithinLimit(workflowId)) return 'too_many';
    const claim = { at: now(), result: send() };
    remember(claims, key, claim);
    const result = await claim.result;
    // What did not arrive is tried again as soon as it comes again.
    if (result !== 'signalled' && claims.get(key) === claim) claims.delete(key);
    return result;
  };

  function isWithinLimit(workflowId: string): boolean {
    const window = windows.get(workflowId);
    if (window && now() - window.since < windowMs) return ++window.count <= signalsPerWindow;
    remember(windows, workflowId, { since: now(), count: 1 });
    return true;
  }
}

/** Adds the newest entry; the oldest ones make room. */
function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  for (const oldest of memory.keys()) {
    if (memory.size <= longestMemory) break;
    memory.delete(oldest);
  }
}
