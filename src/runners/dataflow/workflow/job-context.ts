import type { UploadedRun } from '../../../shared/run/launch-job.js';
import type { DataflowTarget } from '../../../shared/run/job.js';
import { targetOf } from '../../../workflows/contract/activities.js';
import type { RunnerContext } from '../../../workflows/runner.js';
import { jobActivities, type JobActivities } from './job-activities.js';
import type { JobEvents } from './job-events.js';

/** What the steps of a run's job have in common. */
export interface JobContext extends RunnerContext {
  target: DataflowTarget;
  events: JobEvents;
  activities: JobActivities;
}

export function jobContextOf(context: RunnerContext, events: JobEvents): JobContext {
  const target = targetOf(context.prepared) as DataflowTarget;
  return { ...context, target, events, activities: jobActivities(context) };
}

/** A launch under way, as it is carried into a new execution of the workflow. */
export interface ResumedJob {
  uploaded: UploadedRun;
  ordinal: number;
  launches: number;
  jobId: string;
}
