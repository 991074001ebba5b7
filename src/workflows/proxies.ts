import { storeTaskQueue } from '../shared/names.js';
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { JobActivities, PipelineActivities, PreparedRun } from './activities.js';

/** Only failures that another attempt can help are retried: the others are marked non-retryable. */
const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 12,
};

/** A cancellation reaches an activity with its next heartbeat, and is awaited. */
const supervised = {
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
} as const;

/** `prepare` on the queue of every worker, or of the store that the input names. */
export function prepareOn(
  taskQueue: string,
  store: string | undefined,
): PipelineActivities['prepare'] {
  return proxyActivities<Pick<PipelineActivities, 'prepare'>>({
    ...supervised,
    startToCloseTimeout: '1m',
    ...(store === undefined
      ? { taskQueue }
      : { taskQueue: storeTaskQueue(taskQueue, store), scheduleToStartTimeout: '1h' }),
  }).prepare;
}

export type StoreActivities = Pick<
  PipelineActivities,
  'inspectDestinations' | 'resolveWindows' | 'runBeam' | 'audit' | 'publish' | 'fence' | 'finish'
>;

/** The activities that touch the disk of one store; they fail when no worker of it comes in time. */
export function storeActivities({
  store: { taskQueue, waitMs },
  dataflow,
}: Pick<PreparedRun, 'store' | 'dataflow'>): StoreActivities {
  const { inspectDestinations, resolveWindows, audit, publish, fence, finish } =
    proxyActivities<StoreActivities>({
      ...supervised,
      taskQueue,
      scheduleToStartTimeout: waitMs,
      startToCloseTimeout: '1d',
      // What a job staged may have taken hours: an object store may be away for one.
      ...(dataflow ? { retry: { ...retry, maximumInterval: '1m', maximumAttempts: 70 } } : {}),
    });
  const { runBeam } = proxyActivities<StoreActivities>({
    ...supervised,
    taskQueue,
    scheduleToStartTimeout: waitMs,
    startToCloseTimeout: '30d',
  });
  return { inspectDestinations, resolveWindows, runBeam, audit, publish, fence, finish };
}

/** Losing sight of Dataflow never fails a run: these are tried for as long as the run may take. */
const untilReached = {
  initialInterval: retry.initialInterval,
  backoffCoefficient: retry.backoffCoefficient,
  maximumInterval: '1m',
} as const;

/** The activities of a run's job: on every worker, but for the upload, which reads the store's disk. */
export function jobActivities(taskQueue: string, store: PreparedRun['store']): JobActivities {
  const brief = { ...supervised, taskQueue, startToCloseTimeout: '2m' } as const;
  const { launchJob, findJob, readJob, stopJob, findStaged } = proxyActivities<JobActivities>({
    ...brief,
    retry: untilReached,
  });
  const { reportJob } = proxyActivities<JobActivities>({
    ...brief,
    scheduleToCloseTimeout: '5m',
    retry: { ...retry, maximumAttempts: 4 },
  });
  const { uploadRun } = proxyActivities<JobActivities>({
    ...supervised,
    taskQueue: store.taskQueue,
    scheduleToStartTimeout: store.waitMs,
    startToCloseTimeout: '1d',
  });
  return { uploadRun, launchJob, findJob, readJob, stopJob, reportJob, findStaged };
}
