import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { failure } from '../../shared/failures.js';

/** `PENDING_ACTIVITY_STATE_CANCEL_REQUESTED` of temporal.api.enums.v1. */
const cancelRequested = 3;

/**
 * Checks with the server that it waits for this very attempt of this activity, and has not asked it to
 * cancel. A process that was paused while it was handed an attempt begins it when it wakes, and sees
 * nothing of the pause: the attempt may have been given up since, done by another, or be of a run
 * that has ended.
 */
export async function assertAwaited(client: Client): Promise<void> {
  const { activityId, attempt, workflowExecution } = Context.current().info;
  if (workflowExecution === undefined) return;
  const { workflowId, runId } = workflowExecution;
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const awaited = (raw.pendingActivities ?? []).find(
    (pending) => pending.activityId === activityId,
  );
  if (awaited?.attempt === attempt && Number(awaited.state) !== cancelRequested) return;
  throw failure(
    'WorkerShutdown',
    `the server waits for ${awaited ? `attempt ${awaited.attempt}` : 'no attempt'}, this is attempt ${attempt}`,
  );
}
