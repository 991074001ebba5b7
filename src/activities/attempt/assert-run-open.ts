import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { failure } from '../../shared/failures.js';

/**
 * Checks with the server that the run of this activity is open and was not asked to cancel.
 *
 * A cancellation reaches a workflow and its activities with a delay (a paused worker may hold the
 * workflow's next task): what cannot be taken back asks first.
 */
export async function assertRunOpen(client: Client): Promise<void> {
  const { workflowId, runId } = Context.current().info.workflowExecution ?? {};
  if (workflowId === undefined) return;
  const { raw, status } = await client.workflow.getHandle(workflowId, runId).describe();
  if (status.name !== 'RUNNING' || raw.workflowExtendedInfo?.cancelRequested === true) {
    throw failure('RunEnded', `the run is ${status.name.toLowerCase()} or asked to cancel`);
  }
}

/**
 * Checks with the server that the execution of this activity goes on, asked to cancel or not. That of a
 * run which was reset has ended, and what it would end or remove belongs to its successor.
 */
export async function assertExecutionOpen(client: Client): Promise<void> {
  const { workflowId, runId } = Context.current().info.workflowExecution ?? {};
  if (workflowId === undefined) return;
  const { status } = await client.workflow.getHandle(workflowId, runId).describe();
  if (status.name !== 'RUNNING') {
    throw failure('RunEnded', `this execution of the run is ${status.name.toLowerCase()}`);
  }
}
