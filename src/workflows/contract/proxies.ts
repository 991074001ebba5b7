import { storeTaskQueue } from '../../shared/names.js';
import {
  ActivityCancellationType,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import { targetOf, type PipelineActivities, type PreparedRun } from './activities.js';

/** Only failures that another attempt can help are retried: the others are marked non-retryable. */
export const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 12,
};

/** A cancellation reaches an activity with its next heartbeat, and is awaited. */
export const supervised = {
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
export type HostActivities = Omit<PipelineActivities, 'prepare' | 'requestLock' | 'isRunOpen'>;

/** The queue of the workers of one store; what is put there fails when none of them comes in time. */
export type HostQueue = Required<Pick<ActivityOptions, 'taskQueue' | 'scheduleToStartTimeout'>>;

/** The activities on the workers of one store. */
export function hostActivities(
  queue: HostQueue,
  prepared: Pick<PreparedRun, 'target' | 'dataflow'>,
): HostActivities {
  return proxyActivities<HostActivities>({ ...patient(prepared), ...queue });
}

/** The same on any worker, of what needs no store's disk. */
export function anyHostActivities(
  taskQueue: string,
  prepared: Pick<PreparedRun, 'target' | 'dataflow'>,
): HostActivities {
  return proxyActivities<HostActivities>({ ...patient(prepared), taskQueue });
}

/** Of what may take long, and needs an object store where the run has a target. */
export function patient(prepared: Pick<PreparedRun, 'target' | 'dataflow'>): ActivityOptions {
  return {
    ...supervised,
    startToCloseTimeout: '1d',
    // What a job staged may have taken hours: an object store may be away for one.
    ...(targetOf(prepared) === null
      ? {}
      : { retry: { ...retry, maximumInterval: '1m', maximumAttempts: 70 } }),
  };
}
