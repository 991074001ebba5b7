import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { describeExecution } from '../../client/server/executions.js';

/** Whether this execution is not the first of its run: it was reset, or continued as new. */
export async function wasReset(client: Client): Promise<boolean> {
  const execution = Context.current().info.workflowExecution;
  if (execution === undefined) return false;
  const { workflowId, runId } = execution;
  const { firstRunId } = await describeExecution(client, workflowId, runId);
  return firstRunId !== runId;
}
