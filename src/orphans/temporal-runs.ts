import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { searchAttributes } from '../shared/contract.js';
import { lockWorkflowType, workflowType } from '../shared/names.js';
import { firstRunIdOf, runKeyOf } from '../store/run-key.js';
import type { LockRequest } from '../workflows/activities.js';
import type { RunFate, Runs } from './orphan.js';

/** Milliseconds to wait for the answer of a lock. */
const answerWithinMs = 5_000;

/** The runs and locks of a Temporal namespace. */
export function createRuns(client: Client): Runs {
  async function fateOf(runKey: string): Promise<RunFate> {
    const query = `WorkflowType = '${workflowType}' AND ${searchAttributes.runKey.name} = '${runKey}'`;
    let fate: RunFate = 'unknown';
    for await (const { status } of client.workflow.list({ query })) {
      if (status.name === 'RUNNING') return 'open';
      // How that run stands says its next execution, which the list may not know yet.
      if (status.name !== 'CONTINUED_AS_NEW') fate = 'closed';
    }
    return fate;
  }

  return {
    fateOf,

    async fateOfRun({ workflowId, runKey }) {
      try {
        const latest = await client.workflow.getHandle(workflowId).describe();
        // Another run has the id now: whether this Temporal knew the one meant, only its list tells.
        if (runKeyOf(firstRunIdOf(latest)) !== runKey) return await fateOf(runKey);
        return latest.status.name === 'RUNNING' ? 'open' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw error;
      }
    },

    async *heldLocks() {
      const query = `WorkflowType = '${lockWorkflowType}' AND ExecutionStatus = 'Running'`;
      for await (const { workflowId } of client.workflow.list({ query })) {
        const lock = await client
          .withDeadline(Date.now() + answerWithinMs, () =>
            client.workflow
              .getHandle(workflowId)
              .query<{ holder: LockRequest | null; waiting: LockRequest[] }>('lock'),
          )
          .catch(() => null);
        if (lock === null || lock.holder === null) continue;
        yield { lockId: workflowId, holder: lock.holder, waiting: lock.waiting.length };
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
