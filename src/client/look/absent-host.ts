import type { Client } from '@temporalio/client';
import type { RunStatus } from '../../shared/run/contract.js';
import { storeTaskQueue } from '../../shared/names.js';

/** A host that a run needs, and no worker of which asks for work. */
export interface AbsentHost {
  host: string;
  /** Id of its store. */
  store: string;
}

/** Numbers of temporal.api.enums.v1.TaskQueueType. */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** One that was killed is listed for minutes; one that lives asks again within a minute. */
const freshS = 90;

/**
 * Whether a worker has lately asked for work on a task queue.
 * @internal
 */
export async function hasWorkerOn(
  client: Client,
  taskQueue: string,
  type: keyof typeof queueTypes,
): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is not exported
    taskQueueType: queueTypes[type],
  });
  const fresh = Date.now() / 1000 - freshS;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds) > fresh);
}

/**
 * The host that only can go on with a run, if no worker is there on it; null if the run needs none, or does
 * not say so.
 * @internal
 */
export async function absentHostOf(
  client: Client,
  workflowId: string,
  status: Pick<RunStatus, 'host' | 'store' | 'needs_host'> | null,
): Promise<AbsentHost | null> {
  if (!status?.needs_host || !status.host || status.store === null) return null;
  const { host, store } = status;
  const { taskQueue } = await client.workflow.getHandle(workflowId).describe();
  const isThere = await hasWorkerOn(client, storeTaskQueue(taskQueue, store), 'activity');
  return isThere ? null : { host, store };
}
