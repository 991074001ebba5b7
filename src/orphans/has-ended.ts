import type { JobState } from '../shared/run/job.js';

/** Whether a job in that state does nothing any more and costs nothing. */
export function hasEnded(state: JobState): boolean {
  switch (state) {
    case 'JOB_STATE_DONE':
    case 'JOB_STATE_FAILED':
    case 'JOB_STATE_CANCELLED':
    case 'JOB_STATE_UPDATED':
    case 'JOB_STATE_DRAINED':
      return true;
    case 'JOB_STATE_UNKNOWN':
    case 'JOB_STATE_STOPPED':
    case 'JOB_STATE_RUNNING':
    case 'JOB_STATE_DRAINING':
    case 'JOB_STATE_PENDING':
    case 'JOB_STATE_CANCELLING':
    case 'JOB_STATE_QUEUED':
    case 'JOB_STATE_RESOURCE_CLEANING_UP':
    case 'JOB_STATE_PAUSING':
    case 'JOB_STATE_PAUSED':
      return false;
  }
}
