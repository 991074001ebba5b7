import { storeTaskQueue } from '../../shared/names.js';
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

/** The activities that may need the disk of one store. */
export type HostActivities = Omit<PipelineActivities, 'prepare' | 'requestLock' | 'isRunOpen'> &
  Pick<JobActivities, 'uploadRun'>;

/** The activities on the workers of one store; they fail when none of them comes in time. */
export function hostActivities({
  store: { taskQueue, waitMs },
  dataflow,
}: Pick<PreparedRun, 'store' | 'dataflow'>): HostActivities {
  const { inspectDestinations, resolveWindows, audit, publish, fence, finish, uploadRun } =
    proxyActivities<HostActivities>({
      ...publishing({ dataflow }),
      taskQueue,
      scheduleToStartTimeout: waitMs,
    });
  const { runBeam } = proxyActivities<HostActivities>({
    ...supervised,
    taskQueue,
    scheduleToStartTimeout: waitMs,
    startToCloseTimeout: '30d',
  });
  return { inspectDestinations, resolveWindows, runBeam, audit, publish, fence, finish, uploadRun };
}

/** The same on any worker, of what needs no store's disk. */
export function anyHostActivities(
  taskQueue: string,
  prepared: Pick<PreparedRun, 'dataflow'>,
): Omit<HostActivities, 'runBeam'> {
  return proxyActivities<Omit<HostActivities, 'runBeam'>>({ ...publishing(prepared), taskQueue });
}

function publishing({ dataflow }: Pick<PreparedRun, 'dataflow'>) {
  return {
    ...supervised,
    startToCloseTimeout: '1d',
    // What a job staged may have taken hours: an object store may be away for one.
    ...(dataflow ? { retry: { ...retry, maximumInterval: '1m', maximumAttempts: 70 } } : {}),
  } as const;
}

/** Losing sight of Dataflow never fails a run: these are tried for as long as the run may take. */
const untilReached = {
  initialInterval: retry.initialInterval,
  backoffCoefficient: retry.backoffCoefficient,
  maximumInterval: '1m',
} as const;

/** The activities of a run's job, on every worker. */
export function jobActivities(taskQueue: string): Omit<JobActivities, 'uploadRun'> {
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
  return { launchJob, findJob, readJob, stopJob, reportJob, findStaged };
}
