import type { JobState } from './job.js';
import type { Outcome } from './receipt.js';

/** What a run wants of its job: that it runs, or that it ends early, and why. */
export type JobIntent = 'run' | 'drain' | 'cancel' | 'deadline';

/** What a job's state means to its run. */
export type JobStep =
  /** The job goes on. */
  | { kind: 'wait' }
  /** The job was replaced by another, which is looked at next. */
  | { kind: 'follow'; jobId: string }
  /** The job has ended; only `succeeded` lets its result be published. */
  | { kind: 'end'; outcome: Outcome };

/**
 * The whole state machine of a run's job. Total: every state that the API names has its answer for
 * every intent. Once a run is asked to end, its job's own way of ending does not matter any more.
 */
export function jobStepOf(
  { state, replacedByJobId }: { state: JobState; replacedByJobId?: string | undefined },
  intent: JobIntent,
): JobStep {
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
      return replacedByJobId ? { kind: 'follow', jobId: replacedByJobId } : end('updated', intent);
    case 'JOB_STATE_DONE':
      return end('succeeded', intent);
    case 'JOB_STATE_FAILED':
      return end('failed', intent);
    case 'JOB_STATE_CANCELLED':
      return end('cancelled_outside', intent);
    case 'JOB_STATE_DRAINED':
      return end('drained', intent);
  }
}

/** Whether a job in that state has ended, replaced or not. */
export function isTerminal(state: JobState): boolean {
  return jobStepOf({ state }, 'run').kind === 'end';
}

function end(byItself: Outcome, intent: JobIntent): JobStep {
  switch (intent) {
    case 'run':
    case 'drain':
      return { kind: 'end', outcome: byItself };
    case 'cancel':
      return { kind: 'end', outcome: 'cancelled' };
    case 'deadline':
      return { kind: 'end', outcome: 'deadline_exceeded' };
  }
}
