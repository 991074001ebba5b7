import {
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import { failure } from '../../../../src/shared/failures.js';
import type { RunReference, Staged } from '../../../../src/workflows/contract/activities.js';
import { supervised } from '../../../../src/workflows/contract/proxies.js';
import type { Ears, RunnerWorkflow } from '../../../../src/workflows/runner.js';
import type { Fault } from './fault.js';

/** What a look finds: null while it goes on. */
export type NaiveEnd = { failed: string | null } | null;

export interface NaiveActivities {
  /** Starts it, or finds what an earlier attempt started. */
  startNaive(run: RunReference): Promise<void>;
  lookNaive(run: RunReference): Promise<NaiveEnd>;
  /** Ends it, and waits for that. */
  endNaive(run: RunReference): Promise<void>;
}

/** The arguments of a run that is wrong in one way. */
export interface NaiveArgs {
  fault: Fault | null;
  lookMs: number;
}

const told = defineSignal<[told: unknown]>('naiveTold');
const { startNaive, lookNaive, endNaive } = proxyActivities<NaiveActivities>({
  ...supervised,
  startToCloseTimeout: '1m',
});

interface Heard extends Ears {
  hints: number;
  ended: boolean;
}

const staged: Staged = { manifestUri: '/m', manifestSha256: 'b'.repeat(64), attempt: 1 };

/** A runner said as plainly as can be: right, or wrong in one way. */
export const workflow: RunnerWorkflow<Heard> = {
  listen(record) {
    const heard: Heard = { claimedState: null, hints: 0, ended: false };
    setHandler(told, (sent) => {
      const text = (sent as { told?: unknown } | null)?.told;
      if (typeof text === 'string') {
        heard.hints += 1;
        heard.ended = text === 'ended';
      } else if (record.prepared?.args['fault'] === 'chokes on another form') {
        throw ApplicationFailure.nonRetryable(`what is ${String(sent)}?`);
      }
    });
    return heard;
  },

  async stage(context, heard, resumed) {
    const { run, prepared } = context;
    const { fault, lookMs } = prepared.args as unknown as NaiveArgs;
    const is = (...faults: Fault[]): boolean => fault !== null && faults.includes(fault);
    let hasStarted = resumed !== null;
    try {
      if (resumed === null || is('starts again in a new execution')) await startNaive(run);
      hasStarted = true;
      for (;;) {
        const woken = () => heard.hints > 0 || (context.isLong() && !is(neverContinued));
        if (is('waits for its signal alone')) await condition(woken);
        else await condition(woken, is('polls') ? 200 : lookMs);
        if (is('believes what it is told') && heard.ended) return staged;
        heard.hints = 0;
        const end = await lookNaive(run);
        if (end === null) {
          if (!is(neverContinued)) await context.continueIfLong({});
          continue;
        }
        if (end.failed === null || is('publishes what failed')) return staged;
        throw failure('DataError', is('tells no cause') ? 'it failed' : end.failed);
      }
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      const isLeft =
        is(
          prepared.timeoutMs === null
            ? 'leaves it running when cancelled'
            : 'leaves it running at the deadline',
        ) ||
        (is('forgets what it has not heard of') && !hasStarted);
      if (!isLeft) await CancellationScope.nonCancellable(() => endNaive(run));
      throw error;
    }
  },
};

const neverContinued = 'never goes on in a new execution';
