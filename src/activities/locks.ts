import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { lockWorkflowType } from '../shared/names.js';
import { runKeyOf } from '../store/run-key.js';
import type { PipelineActivities } from '../workflows/activities.js';
import { assertAwaited } from './assert-awaited.js';
import type { ActivityDeps } from './deps.js';

/** Starts the destination's lock if need be, and puts the request to it; asking twice is asking once. */
export function createRequestLock({
  client,
  taskQueue,
}: ActivityDeps): PipelineActivities['requestLock'] {
  return async (lockId, destination, request) => {
    await assertAwaited(client);
    await client.workflow.signalWithStart(lockWorkflowType, {
      workflowId: lockId,
      taskQueue,
      args: [destination],
      signal: 'acquire',
      signalArgs: [request],
      staticSummary: `lock of ${destination}`,
    });
  };
}

/** A run is open if the workflow of that id runs and is still the same run. */
export function createIsRunOpen({
  client,
}: Pick<ActivityDeps, 'client'>): PipelineActivities['isRunOpen'] {
  return async ({ workflowId, runKey }) => {
    const latest = await describe(client, workflowId);
    return latest !== null && latest.open && runKeyOf(latest.firstRunId) === runKey;
  };
}

async function describe(
  client: Client,
  workflowId: string,
): Promise<{ open: boolean; firstRunId: string } | null> {
  try {
    const { raw, status, runId } = await client.workflow.getHandle(workflowId).describe();
    return {
      open: status.name === 'RUNNING',
      firstRunId: raw.workflowExecutionInfo?.firstRunId ?? runId,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
