import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { PipelineActivities } from './activities.js';

/** Only failures that another attempt can help are retried: the others are marked non-retryable. */
const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 12,
};

/** How long a run waits for a worker of its store before it fails naming the store. */
const storeWait = '1h';

/** A cancellation reaches an activity with its next heartbeat, and is awaited. */
const supervised = {
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  scheduleToStartTimeout: storeWait,
  retry,
} as const;

export function prepareOn(taskQueue: string): PipelineActivities['prepare'] {
  return proxyActivities<Pick<PipelineActivities, 'prepare'>>({
    ...supervised,
    taskQueue,
    startToCloseTimeout: '1m',
  }).prepare;
}

export type StoreActivities = Pick<
  PipelineActivities,
  'inspectDestinations' | 'runBeam' | 'audit' | 'publish' | 'fence' | 'finish'
>;

/** The activities that touch the disk of one store. */
export function storeActivities(taskQueue: string): StoreActivities {
  const { inspectDestinations, audit, publish, fence, finish } = proxyActivities<StoreActivities>({
    ...supervised,
    taskQueue,
    startToCloseTimeout: '1d',
  });
  const { runBeam } = proxyActivities<StoreActivities>({
    ...supervised,
    taskQueue,
    startToCloseTimeout: '30d',
  });
  return { inspectDestinations, runBeam, audit, publish, fence, finish };
}
