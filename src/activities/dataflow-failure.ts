import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  UnknownJobState,
} from '../gateways/dataflow.js';
import { launchRefusalOf } from '../dataflow/launch-refusal.js';
import { failure } from '../shared/failures.js';
import type { DataflowTarget, JobReference } from '../shared/job.js';

/** An error of a launch as the failure that crosses the border; other errors stay as they are. */
export function launchFailureOf(error: unknown, target: DataflowTarget): unknown {
  if (error instanceof DataflowRefused) {
    return failure('LaunchRefused', launchRefusalOf(error, target), { cause: error.message });
  }
  return passingFailureOf(error, `project ${target.project}, region ${target.region}`);
}

/** An error of a call about one job as the failure that crosses the border. */
export function jobFailureOf(error: unknown, { project, region, jobId }: JobReference): unknown {
  const where = `job ${jobId}, project ${project}, region ${region}`;
  if (error instanceof JobNotFound) {
    const message = `there is no such job any more: ${where}`;
    return failure('JobLost', message, { cause: error.message });
  }
  if (error instanceof DataflowRefused) {
    const isAccess = error.status === 'PERMISSION_DENIED' || error.status === 'UNAUTHENTICATED';
    const message = `Dataflow refuses (${error.status}): ${error.message} (${where})`;
    return failure(isAccess ? 'PermissionDenied' : 'InternalError', message, {
      cause: error.message,
    });
  }
  return passingFailureOf(error, where);
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
