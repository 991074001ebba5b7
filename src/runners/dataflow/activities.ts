import { heartbeating } from '../../activities/attempt/heartbeating.js';
import type { RunnerActivities } from '../../activities/runner-activities.js';
import type { ActivityDeps } from '../../activities/attempt/deps.js';
import { loadSettings } from '../../config/settings/settings.js';
import type { DataflowTarget } from '../../shared/run/job.js';
import { endEarlierJobs } from './activities/end-earlier-jobs.js';
import { createFindJob } from './activities/find-job.js';
import { createFindStaged } from './activities/find-staged.js';
import { createLaunchJob } from './activities/launch-job.js';
import { createReadJob } from './activities/read-job.js';
import { createReportJob } from './activities/report-job.js';
import { createStopJob } from './activities/stop-job.js';
import { createUploadRun } from './activities/upload-run.js';
import type { JobActivities } from './workflow/job-activities.js';

export const activities: RunnerActivities = {
  shared: (deps) => ({ ...createJobActivities(deps), ...upload(deps) }),
  ofStore: upload,
  endEarlier: ({ client, dataflow }, target, runKey) =>
    endEarlierJobs(client, dataflow, target as DataflowTarget, runKey),
};

/** The activities that ask the Dataflow service, or what its jobs left; any worker can run them. */
export function createJobActivities(
  deps: Pick<ActivityDeps, 'dataflow' | 'objects' | 'client' | 'root'>,
): Omit<JobActivities, 'uploadRun'> {
  const prices = () => loadSettings(deps.root).prices ?? {};
  return {
    launchJob: heartbeating(createLaunchJob(deps)),
    findJob: heartbeating(createFindJob(deps)),
    readJob: heartbeating(createReadJob(deps)),
    stopJob: heartbeating(createStopJob(deps)),
    reportJob: heartbeating(createReportJob({ ...deps, prices })),
    findStaged: heartbeating(createFindStaged(deps)),
  };
}

/** By a worker of the run's store, if files of its disk are read; else by any. */
function upload(deps: ActivityDeps): Pick<JobActivities, 'uploadRun'> {
  return { uploadRun: heartbeating(createUploadRun(deps)) };
}
