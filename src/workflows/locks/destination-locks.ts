import {
  condition,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PipelineActivities } from '../contract/activities.js';
import { isText } from '../../shared/form.js';
import { longestDestination } from '../contract/intake.js';
import { lockGrantedSignal, releaseSignal } from '../contract/signals.js';

const { requestLock } = proxyActivities<Pick<PipelineActivities, 'requestLock'>>({
  startToCloseTimeout: '10s',
});

/** Grants that are remembered: more than a run has destinations can only be forged. */
const mostGrants = 10_000;

/** Asked again after this time, in case the lock's workflow was terminated meanwhile. */
const askAgainAfter = '5m';

/** The locks of one run's destinations. */
export interface DestinationLocks {
  /** Destinations asked for and not granted yet. */
  waitingFor(): string[];
  /** Takes all (destination → id of its lock), in sorted order: no two runs wait for each other. */
  acquire(lockIds: Record<string, string>): Promise<void>;
  /** The locks that this run has, for a new execution of its workflow. */
  held(): Record<string, string>;
  /** Goes on with the locks that an earlier execution of this workflow took. */
  resume(lockIds: Record<string, string>): void;
  /**
   * Gives back what was taken and withdraws what was asked for.
   * @param kept destinations that are left alone; default: none
   */
  release(kept?: ReadonlySet<string>): Promise<void>;
}

export function createDestinationLocks(runKey: () => string): DestinationLocks {
  const granted = new Set<string>();
  const asked = new Map<string, string>();
  setHandler(lockGrantedSignal, (destination, grantee) => {
    if (grantee !== runKey() || !isText(destination, longestDestination)) return;
    if (granted.size < mostGrants) granted.add(destination);
  });
  const request = () => ({ workflowId: workflowInfo().workflowId, runKey: runKey() });

  return {
    waitingFor: () => [...asked.keys()].filter((destination) => !granted.has(destination)),
    async acquire(lockIds) {
      for (const destination of Object.keys(lockIds).toSorted()) {
        const lockId = lockIds[destination] as string;
        asked.set(destination, lockId);
        const isGranted = () => granted.has(destination);
        // In the usual case the answer says so at once, which costs neither a signal nor a timer.
        while (!(await requestLock(lockId, destination, request(), true))) {
          if (await condition(isGranted, askAgainAfter)) break;
        }
        granted.add(destination);
      }
    },
    held: () => Object.fromEntries(asked),
    resume(lockIds) {
      for (const [destination, lockId] of Object.entries(lockIds)) {
        asked.set(destination, lockId);
        granted.add(destination);
      }
    },
    async release(kept = new Set()) {
      for (const [destination, lockId] of asked) {
        if (kept.has(destination)) continue;
        await getExternalWorkflowHandle(lockId)
          .signal(releaseSignal, request())
          .catch(() => undefined); // The lock is gone: nothing is held.
        asked.delete(destination);
      }
    },
  };
}
