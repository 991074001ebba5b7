import { WithStartWorkflowOperation, type WorkflowStartOptions } from '@temporalio/client';
import { lockWorkflowType } from '../shared/names.js';
import { describeExecution, isNoSuchExecution } from '../client/server/executions.js';
import { runKeyOf } from '../store/run-key.js';
import type { LockRequest, PipelineActivities } from '../workflows/contract/activities.js';
import { takeUpdate } from '../workflows/contract/signals.js';
import type { ActivityDeps } from './attempt/deps.js';

/** A lock that does not answer in this time, in milliseconds, is told by a signal, and answers by one. */
const answerWithinMs = 4_000;

/** Starts the destination's lock if need be, and puts the request to it; asking twice is asking once. */
export function createRequestLock({
  client,
  taskQueue,
}: Pick<ActivityDeps, 'client' | 'taskQueue'>): PipelineActivities['requestLock'] {
  return async (lockId, destination, request, takesAnswer) => {
    const start = {
      workflowId: lockId,
      taskQueue,
      args: [destination],
      staticSummary: `lock of ${destination}`,
    };
    if (takesAnswer) {
      try {
        return await take(start, request);
      } catch {
        // No answer in time, a lock that ended meanwhile, a server or a worker without such updates.
      }
    }
    const signal = { signal: 'acquire', signalArgs: [request] };
    await client.workflow.signalWithStart(lockWorkflowType, { ...start, ...signal });
    return false;
  };

  function take(start: WorkflowStartOptions, request: LockRequest): Promise<boolean> {
    const startWorkflowOperation = new WithStartWorkflowOperation(lockWorkflowType, {
      ...start,
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    return client.workflow.withDeadline(Date.now() + answerWithinMs, () =>
      client.workflow.executeUpdateWithStart(takeUpdate, {
        args: [request],
        startWorkflowOperation,
      }),
    );
  }
}

/**
 * A run is open if the workflow of that id runs and is still the same run. A name that Temporal does not
 * take is that of no run: the lock that asks must not wait for it for ever.
 */
export function createIsRunOpen({
  client,
}: Pick<ActivityDeps, 'client'>): PipelineActivities['isRunOpen'] {
  return async ({ workflowId, runKey }) => {
    try {
      const latest = await describeExecution(client, workflowId);
      return latest.isOpen && runKeyOf(latest.firstRunId) === runKey;
    } catch (error) {
      if (isNoSuchExecution(error)) return false;
      throw error;
    }
  };
}
