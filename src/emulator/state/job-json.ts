import { defined } from './environment.js';
import type { JobRecord } from './job-record.js';

/** ISO 8601, as the API's JSON form of a timestamp. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * The summary of a job (`JOB_VIEW_SUMMARY`): what lists say of it. The API's reference counts neither
 * labels nor environment among it.
 */
export function jobSummary(job: JobRecord): Record<string, unknown> {
  return defined({
    id: job.id,
    projectId: job.project,
    name: job.name,
    type: job.type,
    currentState: job.state,
    currentStateTime: timestamp(job.stateTime),
    requestedState: job.requestedState,
    createTime: timestamp(job.createTime),
    startTime: job.state === 'JOB_STATE_QUEUED' ? undefined : timestamp(job.createTime),
    location: job.region,
    replaceJobId: job.replaceJobId,
    replacedByJobId: job.replacedByJobId,
    jobMetadata: {
      sdkVersion: {
        version: job.sdkVersion,
        versionDisplayName: 'Apache Beam SDK',
        sdkSupportStatus: 'SUPPORTED',
      },
    },
  });
}

/** Everything that `jobs.get` says of a job, and its events. */
export function jobJson(job: JobRecord): Record<string, unknown> {
  return { ...jobSummary(job), labels: job.labels, environment: job.environment };
}
