import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { absentHostOf } from '../client/look/absent-host.js';
import {
  describeExecution,
  isNoSuchExecution,
  listExecutions,
} from '../client/server/executions.js';
import { answeredStatus } from '../client/look/waits.js';
import { searchAttributes } from '../shared/run/contract.js';
import { lockWorkflowPrefix, lockWorkflowType, workflowType } from '../shared/names.js';
import { runKeyOf } from '../store/run-key.js';
import { isNamed } from '../shared/form.js';
import { lockRequestOf, type LockRequest } from '../shared/run/lock-request.js';
import { isRunKey } from '../client/look/stored-receipts.js';
import type { RunFate, Runs } from './orphan.js';

/** Milliseconds to wait for the answer of a lock. */
const answerWithinMs = 5_000;

/** The runs and locks of a Temporal namespace. */
export function createRuns(client: Client): Runs {
  async function fateOf(runKey: string): Promise<RunFate> {
    if (!isRunKey(runKey)) return 'unknown';
    const query = `WorkflowType = '${workflowType}' AND ${searchAttributes.runKey.name} = '${runKey}'`;
    let fate: RunFate = 'unknown';
    for await (const { isOpen, status } of listExecutions(client, query)) {
      if (isOpen) return 'open';
      // How that run stands says its next execution, which the list may not know yet.
      if (status !== 'CONTINUED_AS_NEW') fate = 'closed';
    }
    return fate;
  }

  /** Who holds a lock and how many wait; or why that cannot be told; null if it has ended meanwhile. */
  async function askLock(
    lockId: string,
  ): Promise<{ holder: LockRequest | null; waiting: number } | string | null> {
    const deadline = Date.now() + answerWithinMs;
    const ask = () => client.workflow.getHandle(lockId).query<unknown>('lock');
    try {
      const said = await client.withDeadline(deadline, ask);
      const holder = isNamed(said) ? said['holder'] : undefined;
      const waiting = isNamed(said) ? said['waiting'] : undefined;
      if (!Array.isArray(waiting)) return 'it answers, but not as a lock does';
      if (holder === null) return { holder: null, waiting: waiting.length };
      const request = lockRequestOf(holder);
      return request === null ? 'its holder is none' : { holder: request, waiting: waiting.length };
    } catch {
      return whyMute(lockId);
    }
  }

  async function whyMute(lockId: string): Promise<string | null> {
    const { failedTasks, type, isOpen } = await describeExecution(client, lockId);
    if (!isOpen) return null;
    if (type !== lockWorkflowType) return 'it is a workflow of another type';
    if (failedTasks > 1) return `its workflow task has failed ${failedTasks} times`;
    return 'no worker answers for it';
  }

  return {
    fateOf,

    async fateOfRun({ workflowId, runKey }) {
      try {
        const latest = await describeExecution(client, workflowId);
        // Another run has the id now: whether this Temporal knew the one meant, only its list tells.
        if (runKeyOf(latest.firstRunId) !== runKey) return await fateOf(runKey);
        return latest.isOpen ? 'open' : 'closed';
      } catch (error) {
        if (isNoSuchExecution(error)) return 'unknown';
        throw error;
      }
    },

    async absentHostOf({ workflowId }) {
      return absentHostOf(client, workflowId, await answeredStatus(client, workflowId));
    },

    async *heldLocks(unread = () => undefined) {
      // By the name, not the type: whatever bears a lock's name keeps the lock itself from starting.
      const query = `WorkflowId STARTS_WITH '${lockWorkflowPrefix}' AND ExecutionStatus = 'Running'`;
      for await (const { workflowId } of listExecutions(client, query)) {
        const lock = await askLock(workflowId);
        if (lock === null) continue;
        if (typeof lock === 'string') unread({ lock_id: workflowId, reason: lock });
        else if (lock.holder !== null) yield { lockId: workflowId, ...lock, holder: lock.holder };
      }
    },

    async release(lockId, holder) {
      try {
        await client.workflow.getHandle(lockId).signal('release', holder);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}
