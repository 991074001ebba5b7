import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LockRequest, PipelineActivities } from './activities.js';
import {
  acquireSignal,
  lockGrantedSignal,
  lockQuery,
  releaseSignal,
  takeUpdate,
} from './signals.js';

const { isRunOpen } = proxyActivities<Pick<PipelineActivities, 'isRunOpen'>>({
  startToCloseTimeout: '30s',
});

/** How often a holder is looked at while somebody waits: a terminated run releases nothing. */
const checkHolderEvery = '10s';

interface LockState {
  holder: LockRequest | null;
  waiting: LockRequest[];
  /** Of the holder, which asked again and was not answered yet. */
  regrants?: LockRequest[];
}

/**
 * The lock of one destination: grants it to one run at a time, in the order of asking, and ends
 * when nobody wants it. A holder that asks again (it was reset, or lost the answer) is granted again.
 */
export async function destinationLock(
  destination: string,
  state: LockState = { holder: null, waiting: [] },
): Promise<void> {
  let { holder } = state;
  const waiting = [...state.waiting];
  const regrants = [...(state.regrants ?? [])];
  let hasEnded = false;

  setHandler(takeUpdate, (request) => {
    // Whoever was told that it has a lock that is no more would not keep anybody out.
    if (hasEnded) throw ApplicationFailure.nonRetryable('the lock has ended', 'LockEnded');
    if (holder === null && waiting.length === 0) holder = request;
    if (isHolder(request)) return true;
    enqueue(request);
    return false;
  });
  setHandler(acquireSignal, (request) => {
    if (isHolder(request)) regrants.push(request);
    else enqueue(request);
  });
  setHandler(releaseSignal, (request) => {
    if (holder?.runKey === request.runKey) holder = null;
    const index = waiting.findIndex(({ runKey }) => runKey === request.runKey);
    if (index >= 0) waiting.splice(index, 1);
  });
  setHandler(lockQuery, () => ({ holder, waiting }));

  for (;;) {
    for (const request of regrants.splice(0)) {
      if (holder?.runKey === request.runKey) await grant(request, destination);
    }
    if (holder === null) {
      const next = waiting.shift();
      if (next === undefined) {
        await condition(allHandlersFinished);
        if (regrants.length > 0 || waiting.length > 0 || holder !== null) continue;
        hasEnded = true;
        return;
      }
      holder = next;
      if (!(await grant(next, destination)) && isHolder(next)) holder = null;
      continue;
    }
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof destinationLock>(destination, { holder, waiting, regrants });
    }
    const current = holder;
    const stirred = () => holder !== current || regrants.length > 0;
    if (waiting.length === 0) {
      await condition(() => stirred() || waiting.length > 0);
    } else if (!(await condition(stirred, checkHolderEvery))) {
      if (!(await isRunOpen(current)) && isHolder(current)) holder = null;
    }
  }

  function isHolder(request: LockRequest): boolean {
    return holder?.runKey === request.runKey;
  }

  function enqueue(request: LockRequest): void {
    if (!waiting.some(({ runKey }) => runKey === request.runKey)) waiting.push(request);
  }
}

/** Tells the run; false if it is gone. */
async function grant(request: LockRequest, destination: string): Promise<boolean> {
  try {
    const run = getExternalWorkflowHandle(request.workflowId);
    await run.signal(lockGrantedSignal, destination, request.runKey);
    return true;
  } catch {
    return false;
  }
}
