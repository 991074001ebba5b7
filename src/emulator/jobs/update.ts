import { z } from 'zod';
import { jobStates } from '../../shared/run/job.js';
import { ApiError } from '../state/api-error.js';
import type { Lifecycle } from './lifecycle.js';
import { isTerminal, type JobRecord } from '../state/job-record.js';
import { messagesOf } from '../state/messages.js';

export const updateRequest = z.looseObject({
  projectId: z.string(),
  location: z.string().default('us-central1'),
  jobId: z.string(),
  job: z
    .looseObject({
      requestedState: z.enum(jobStates).optional(),
      labels: z.record(z.string(), z.string()).optional(),
      runtimeUpdatableParams: z.unknown().optional(),
    })
    .default({}),
});

/**
 * Does what `jobs.update` asks: cancel, drain, or with the label `force_cancel_job` cancel at once.
 * Asking twice is asking once.
 * @throws {@link ApiError} if the job has ended or its type does not allow it
 */
export async function updateJob(
  { job: { requestedState, labels, runtimeUpdatableParams } }: z.infer<typeof updateRequest>,
  job: JobRecord,
  lifecycle: Lifecycle,
): Promise<void> {
  if (runtimeUpdatableParams !== undefined && requestedState === undefined) {
    throw new ApiError('UNIMPLEMENTED', 'The emulator does not change workers of a running job.');
  }
  if (requestedState !== 'JOB_STATE_CANCELLED' && requestedState !== 'JOB_STATE_DRAINED') {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `The requested state must be JOB_STATE_CANCELLED or JOB_STATE_DRAINED; it is ${requestedState ?? 'missing'}.`,
    );
  }
  if (isTerminal(job.state)) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `Workflow modification failed. Causes: Job ${job.id} has terminated in state ${job.state.replace('JOB_STATE_', '')}.`,
    );
  }
  if (requestedState === 'JOB_STATE_DRAINED') {
    drain(job, lifecycle);
    return;
  }
  if (labels?.['force_cancel_job'] === 'true') {
    if (job.state !== 'JOB_STATE_CANCELLING') {
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Job ${job.id} is not being cancelled: cancel it before you cancel it by force.`,
      );
    }
    await lifecycle.force(job.id);
    return;
  }
  if (job.state === 'JOB_STATE_CANCELLING') return;
  const queued = job.state === 'JOB_STATE_QUEUED' && !job.faults.stuckCancelling;
  lifecycle.enter(
    job.id,
    queued ? 'JOB_STATE_CANCELLED' : 'JOB_STATE_CANCELLING',
    { requestedState },
    messagesOf.cancelling(job),
  );
}

function drain(job: JobRecord, lifecycle: Lifecycle): void {
  if (job.type === 'JOB_TYPE_BATCH') {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `Workflow modification failed. Causes: Job ${job.id} is a batch job; only streaming jobs can be drained.`,
    );
  }
  switch (job.state) {
    case 'JOB_STATE_RUNNING':
      lifecycle.enter(
        job.id,
        'JOB_STATE_DRAINING',
        { requestedState: 'JOB_STATE_DRAINED' },
        messagesOf.draining(job),
      );
      return;
    case 'JOB_STATE_DRAINING':
      return;
    case 'JOB_STATE_UNKNOWN':
    case 'JOB_STATE_STOPPED':
    case 'JOB_STATE_QUEUED':
    case 'JOB_STATE_PENDING':
    case 'JOB_STATE_CANCELLING':
    case 'JOB_STATE_RESOURCE_CLEANING_UP':
    case 'JOB_STATE_PAUSING':
    case 'JOB_STATE_PAUSED':
    case 'JOB_STATE_DONE':
    case 'JOB_STATE_FAILED':
    case 'JOB_STATE_CANCELLED':
    case 'JOB_STATE_UPDATED':
    case 'JOB_STATE_DRAINED':
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Workflow modification failed. Causes: Job ${job.id} cannot be drained in state ${job.state.replace('JOB_STATE_', '')}.`,
      );
  }
}
