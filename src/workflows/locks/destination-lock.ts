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
import { isNamed, isText } from '../../shared/form.js';
import { lockRequestOf, type LockRequest } from '../../shared/run/lock-request.js';
import type { PipelineActivities } from '../contract/activities.js';
import { ignored, isRefused, longestDestination, refusal } from '../contract/intake.js';
import {
  acquireSignal,
  lockGrantedSignal,
  lockQuery,
  releaseSignal,
  takeUpdate,
} from '../contract/signals.js';

const { isRunOpen } = proxyActivities<Pick<PipelineActivities, 'isRunOpen'>>({
  startToCloseTimeout: '30s',
});

/** Runs that wait at most: who comes when all places are taken asks again later. */
const mostWaiting = 1_000;

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
  if (!isText(destination, longestDestination) && isRefused()) {
    throw refusal("the lock's destination is no name of one");
  }
  const { waiting, regrants, ...known } = stateOf(state);
  let { holder } = known;
  let hasEnded = false;

  setHandler(takeUpdate, take, { validator: assertRequest });
  setHandler(acquireSignal, (sent) => {
    const request = asked('acquire', sent);
    if (request === null) return;
    if (isHolder(request)) regrants.push(request);
    else enqueue(request);
  });
  setHandler(releaseSignal, (sent) => {
    const request = asked('release', sent);
    if (request === null) return;
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
    const stirred = () => holder !== current || regrants.length > 0 || isLong();
    if (waiting.length === 0) {
      await condition(() => stirred() || waiting.length > 0);
    } else if (!(await condition(stirred, checkHolderEvery))) {
      if (!(await isRunOpen(current)) && isHolder(current)) holder = null;
    }
  }

  function take(request: LockRequest): boolean {
    // Whoever was told that it has a lock that is no more would not keep anybody out.
    if (hasEnded) throw ApplicationFailure.nonRetryable('the lock has ended', 'LockEnded');
    if (holder === null && waiting.length === 0) holder = lockRequestOf(request) ?? request;
    if (isHolder(request)) return true;
    enqueue(request);
    return false;
  }

  function isHolder(request: LockRequest): boolean {
    return holder?.runKey === request.runKey;
  }

  function enqueue(request: LockRequest): void {
    if (waiting.some(({ runKey }) => runKey === request.runKey)) return;
    if (waiting.length >= mostWaiting && isRefused()) return;
    waiting.push(lockRequestOf(request) ?? request);
  }
}

/** What an earlier execution knew; anybody may start a lock with anything in its place. */
function stateOf(state: unknown): Required<LockState> {
  const { holder, waiting, regrants } = isNamed(state) ? state : {};
  return {
    holder: lockRequestOf(holder),
    waiting: requestsOf(waiting),
    regrants: requestsOf(regrants),
  };
}

function requestsOf(list: unknown): LockRequest[] {
  return Array.isArray(list) ? list.flatMap((request) => lockRequestOf(request) ?? []) : [];
}

function assertRequest(request: LockRequest): void {
  if (lockRequestOf(request) === null)
    throw refusal('the update take has not the form of a request');
}

/** Null for a signal that is to be ignored: anybody may send one, of any form. */
function asked(signal: string, sent: LockRequest): LockRequest | null {
  const request = lockRequestOf(sent);
  if (request !== null) return request;
  if (!isRefused()) return sent;
  ignored(`a signal ${signal}`);
  return null;
}

/** A flood of signals, malformed or not, must not fill the history of a lock that waits. */
function isLong(): boolean {
  return workflowInfo().continueAsNewSuggested && isRefused();
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
