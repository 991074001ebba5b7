import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { createIsRunOpen } from '../activities/locks.js';
import { searchAttributes } from '../shared/contract.js';
import { lockWorkflowType, workflowType } from '../shared/names.js';
import type { LockRequest } from '../workflows/activities.js';
import type { Runs } from './orphan.js';

/** Milliseconds to wait for the answer of a lock. */
const answerWithinMs = 5_000;

/** The runs and locks of a Temporal namespace. */
export function createRuns(client: Client): Runs {
  return {
    isOpen: createIsRunOpen({ client }),

    async fateOf(runKey) {
      const query = `WorkflowType = '${workflowType}' AND ${searchAttributes.runKey.name} = '${runKey}'`;
      let fate: Awaited<ReturnType<Runs['fateOf']>> = 'unknown';
      for await (const { status } of client.workflow.list({ query })) {
        if (status.name === 'RUNNING') return 'open';
        fate = 'closed';
      }
      return fate;
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
