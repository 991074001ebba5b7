import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { firstRunIdOf } from '../store/run-key.js';

/** Whether this execution is not the first of its run: it was reset, or continued as new. */
export async function wasReset(client: Client): Promise<boolean> {
  const execution = Context.current().info.workflowExecution;
  if (execution === undefined) return false;
  const { workflowId, runId } = execution;
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  return firstRunIdOf({ raw, runId }) !== runId;
}
