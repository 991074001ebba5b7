import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  UnknownJobState,
} from '../../../gateways/dataflow.js';
import { launchRefusalOf } from '../../../dataflow/launch-refusal.js';
import { failure } from '../../../shared/failures.js';
import type { DataflowTarget, JobReference } from '../../../shared/run/job.js';

/** As the service makes them: 2026-11-29_15_04_05-1234567890123456789. */
const jobIdForm = /^\d{4}(-\d\d){2}(_\d\d){3}-\d+$/;

/** An error of a launch as the failure that crosses the border; other errors stay as they are. */
export function launchFailureOf(error: unknown, target: DataflowTarget): unknown {
  if (error instanceof DataflowRefused) {
    return failure('LaunchRefused', launchRefusalOf(error, target), { cause: error.message });
  }
  return passingFailureOf(error, `project ${target.project}, region ${target.region}`);
}

/**
 * An error of a look for a launch's job as the failure that crosses the border. That a look is refused
 * says nothing of the job: it is tried again until it is allowed.
 */
export function lookFailureOf(error: unknown, { project, region }: DataflowTarget): unknown {
  const where = `project ${project}, region ${region}`;
  return error instanceof DataflowRefused
    ? refusedOf(error, where)
    : passingFailureOf(error, where);
}

/**
 * An error of a call about one job as the failure that crosses the border. Losing sight of a job fails
 * no run: a look that is refused is tried again, as one that gets no answer is.
 */
export function jobFailureOf(error: unknown, { project, region, jobId }: JobReference): unknown {
  const where = `job ${jobId}, project ${project}, region ${region}`;
  // An event may claim any id; one that the service calls invalid, and that it never made, is of no job.
  const isInvalid = error instanceof DataflowRefused && error.status === 'INVALID_ARGUMENT';
  if (error instanceof JobNotFound || (isInvalid && !jobIdForm.test(jobId))) {
    const message = `there is no such job any more: ${where}`;
    return failure('JobLost', message, { cause: error.message });
  }
  if (error instanceof DataflowRefused) return refusedOf(error, where);
  return passingFailureOf(error, where);
}

function refusedOf({ status, message }: DataflowRefused, where: string): unknown {
  return failure(
    'DataflowUnavailable',
    `Dataflow refuses (${status}): ${message} (${where}). The run goes on when it is allowed: the ` +
      "worker's account needs roles/dataflow.developer, and credentials that are valid",
    { cause: message },
  );
}

function passingFailureOf(error: unknown, where: string): unknown {
  if (error instanceof DataflowUnavailable) {
    const message = `Dataflow cannot be reached or is overloaded: ${error.message} (${where})`;
    return failure('DataflowUnavailable', message, { cause: error.message });
  }
  if (error instanceof UnknownJobState) {
    return failure('InternalError', `${error.message} (${where})`);
  }
  return error;
}
