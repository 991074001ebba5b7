import type { JobReference } from '../shared/run/job.js';

/**
 * A command that reads what a job's launcher and workers logged: Cloud Logging keeps it under the
 * resource type `dataflow_step` (https://cloud.google.com/dataflow/docs/guides/logging).
 */
export function logCommandOf({ project, jobId }: JobReference): string {
  const filter = `resource.type="dataflow_step" resource.labels.job_id="${jobId}" severity>=WARNING`;
  return `gcloud logging read '${filter}' --project=${project} --limit=50`;
}
