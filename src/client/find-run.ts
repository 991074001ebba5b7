import {
  WorkflowNotFoundError,
  type WorkflowClient,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { nearMiss } from '../config/near-miss.js';
import { searchAttributes } from '../shared/contract.js';
import { workflowType } from '../shared/names.js';
import { RunNotFound } from './errors.js';
import { firstRunIdOf, runKeyOf } from '../store/run-key.js';
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
  workflows: WorkflowClient,
  reference: string,
  recent: () => Promise<RunSummary[]>,
): Promise<FoundRun> {
  if (reference === 'latest') {
    const newest = await newestOf(workflows, '');
    if (newest === undefined) throw new RunNotFound(reference);
    return newest;
  }
  const found =
    (isRunKey(reference) ? await byRunKey(workflows, reference) : undefined) ??
    (isRunId(reference) ? await newestOf(workflows, ` AND RunId = '${reference}'`) : undefined) ??
    (await byWorkflowId(workflows, reference));
  if (found !== undefined) return found;
  const runs = await recent();
  // A run that failed before its config was read has no search attribute.
  const same = runs.find(({ run_key }) => run_key === reference);
  if (same !== undefined)
    return byWorkflowId(workflows, same.workflow_id, same.run_id) as Promise<FoundRun>;
  const names = runs.flatMap(({ run_key, workflow_id }) => [run_key, workflow_id]);
  throw new RunNotFound(reference, nearMiss(reference, names));
}

async function byRunKey(workflows: WorkflowClient, runKey: string): Promise<FoundRun | undefined> {
  try {
    return await newestOf(workflows, ` AND ${searchAttributes.runKey.name} = '${runKey}'`);
  } catch (error) {
    if (isInvalidArgument(error)) return undefined; // No worker has registered the attributes yet.
    throw error;
  }
}

async function newestOf(workflows: WorkflowClient, and: string): Promise<FoundRun | undefined> {
  const query = `WorkflowType = '${workflowType}'${and}`;
  for await (const info of workflows.list({ query, pageSize: 1 })) return foundOf(info);
  return undefined;
}

async function byWorkflowId(
  workflows: WorkflowClient,
  workflowId: string,
  runId?: string,
): Promise<FoundRun | undefined> {
  try {
    const description = await workflows.getHandle(workflowId, runId).describe();
    if (description.type !== workflowType) return undefined;
    return { workflowId, runId: description.runId, runKey: runKeyOf(firstRunIdOf(description)) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function foundOf(info: WorkflowExecutionInfo): FoundRun {
  const { workflowId, runId } = info;
  return { workflowId, runId, runKey: runKeyOfExecution(info) };
}

function isRunId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** gRPC status code of a malformed query, such as one with an unregistered search attribute. */
function isInvalidArgument(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === 3 || (cause !== undefined && isInvalidArgument(cause));
}
