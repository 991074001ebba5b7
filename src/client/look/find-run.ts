import type { Client } from '@temporalio/client';
import { nearMiss } from '../../config/values/near-miss.js';
import { searchAttributes } from '../../shared/run/contract.js';
import { workflowType } from '../../shared/names.js';
import { RunNotFound } from '../server/errors.js';
import { describeExecution, isNoSuchExecution, listExecutions } from '../server/executions.js';
import { codeOf, grpcCodes } from '../server/grpc-codes.js';
import { runKeyOf } from '../../store/run-key.js';
import { runKeyOfExecution, type RunSummary } from './snapshot.js';
import { isRunKey } from './stored-receipts.js';

export interface FoundRun {
  workflowId: string;
  runId: string;
  runKey: string;
}

/**
 * Finds a run by run key, workflow id or run id, or the `latest`.
 * @param recent the newest runs, asked for only if the reference fits none
 * @throws {@link RunNotFound}
 */
export async function findRun(
  client: Client,
  reference: string,
  recent: () => Promise<RunSummary[]>,
): Promise<FoundRun> {
  if (reference === 'latest') {
    const newest = await newestOf(client, '');
    if (newest === undefined) throw new RunNotFound(reference);
    return newest;
  }
  const found =
    (isRunKey(reference) ? await byRunKey(client, reference) : undefined) ??
    (isRunId(reference) ? await newestOf(client, ` AND RunId = '${reference}'`) : undefined) ??
    (await byWorkflowId(client, reference));
  if (found !== undefined) return found;
  const runs = await recent();
  // A run that failed before its config was read has no search attribute.
  const same = runs.find(({ run_key }) => run_key === reference);
  if (same !== undefined)
    return byWorkflowId(client, same.workflow_id, same.run_id) as Promise<FoundRun>;
  const names = runs.flatMap(({ run_key, workflow_id }) => [run_key, workflow_id]);
  throw new RunNotFound(reference, nearMiss(reference, names));
}

async function byRunKey(client: Client, runKey: string): Promise<FoundRun | undefined> {
  try {
    return await newestOf(client, ` AND ${searchAttributes.runKey.name} = '${runKey}'`);
  } catch (error) {
    if (codeOf(error) === grpcCodes.invalidArgument) return undefined; // No worker has registered the attributes yet.
    throw error;
  }
}

async function newestOf(client: Client, and: string): Promise<FoundRun | undefined> {
  const query = `WorkflowType = '${workflowType}'${and}`;
  for await (const execution of listExecutions(client, query, 1)) {
    const { workflowId, runId } = execution;
    return { workflowId, runId, runKey: runKeyOfExecution(execution) };
  }
  return undefined;
}

async function byWorkflowId(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<FoundRun | undefined> {
  try {
    const execution = await describeExecution(client, workflowId, runId);
    if (execution.type !== workflowType) return undefined;
    return { workflowId, runId: execution.runId, runKey: runKeyOf(execution.firstRunId) };
  } catch (error) {
    if (isNoSuchExecution(error)) return undefined;
    throw error;
  }
}

function isRunId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
