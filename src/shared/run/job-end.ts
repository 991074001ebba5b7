import type { JobState } from './job.js';
import type { Outcome } from './receipt.js';

/** The ways in which a job ends by itself; how a run is ended early is the run's own matter. */
export type JobOutcome = Exclude<Outcome, 'cancelled' | 'deadline_exceeded'>;

/** What a job's state means to its run. */
export type JobStep =
  /** The job goes on. */
  | { kind: 'wait' }
  /** The job was replaced by another, which is looked at next. */
  | { kind: 'follow'; jobId: string }
  /** The job has ended; only `succeeded` lets its result be published. */
  | { kind: 'end'; outcome: JobOutcome };

/** The whole state machine of a run's job. Total: every state that the API names has its answer. */
export function jobStepOf({
  state,
  replacedByJobId,
}: {
  state: JobState;
  replacedByJobId?: string | undefined;
}): JobStep {
  switch (state) {
    case 'JOB_STATE_UNKNOWN':
    case 'JOB_STATE_STOPPED': // Not yet started.
    case 'JOB_STATE_PENDING':
    case 'JOB_STATE_QUEUED':
    case 'JOB_STATE_RUNNING':
    case 'JOB_STATE_DRAINING':
    case 'JOB_STATE_CANCELLING':
    case 'JOB_STATE_RESOURCE_CLEANING_UP':
    case 'JOB_STATE_PAUSING':
    case 'JOB_STATE_PAUSED':
      return { kind: 'wait' };
    case 'JOB_STATE_UPDATED':
      return replacedByJobId ? { kind: 'follow', jobId: replacedByJobId } : end('updated');
    case 'JOB_STATE_DONE':
      return end('succeeded');
    case 'JOB_STATE_FAILED':
      return end('failed');
    case 'JOB_STATE_CANCELLED':
      return end('cancelled_outside');
    case 'JOB_STATE_DRAINED':
      return end('drained');
  }
}

/** Whether a job in that state has ended, replaced or not. */
export function isTerminal(state: JobState): boolean {
  return jobStepOf({ state }).kind === 'end';
}

function end(outcome: JobOutcome): JobStep {
  return { kind: 'end', outcome };
}
