import { loadSettings } from '../config/settings/settings.js';
import type { ReapActivities } from '../shared/run/reap.js';
import type { JobActivities, PipelineActivities } from '../workflows/contract/activities.js';
import { assertAwaited } from './attempt/assert-awaited.js';
import { createAudit } from './staged/audit.js';
import type { ActivityDeps } from './attempt/deps.js';
import { createFindJob } from './job/find-job.js';
import { createFindStaged } from './job/find-staged.js';
import { createFinish } from './finish.js';
import { heartbeating } from './attempt/heartbeating.js';
import { createLaunchJob } from './job/launch-job.js';
import { createIsRunOpen, createRequestLock } from './locks.js';
import { createPrepare } from './prepare.js';
import { createFence, createInspectDestinations, createPublish } from './publish/publish.js';
import { createReadJob } from './job/read-job.js';
import { createReap } from './reap.js';
import { createReportJob } from './job/report-job.js';
import { createResolveWindows } from './windows/resolve.js';
import { createRunBeam } from './beam/run-beam.js';
import { createStopJob } from './job/stop-job.js';
import { createUploadRun } from './job/upload-run.js';

export type { ActivityDeps } from './attempt/deps.js';

/** The activities that any worker can run; some of them only for a run that needs no disk of a host. */
export function createSharedActivities(
  deps: ActivityDeps,
): Omit<PipelineActivities, 'runBeam'> & Pick<JobActivities, 'findStaged' | 'uploadRun'> {
  const requestLock = createRequestLock(deps);
  return {
    ...createAnyHostActivities(deps),
    requestLock: async (...request) => {
      await assertAwaited(deps.client);
      return requestLock(...request);
    },
    isRunOpen: createIsRunOpen(deps),
    findStaged: heartbeating(createFindStaged(deps)),
  };
}

/** The activities that ask the Dataflow service; any worker can run them. */
export function createJobActivities(
  deps: Pick<ActivityDeps, 'dataflow' | 'objects' | 'client'>,
): Pick<JobActivities, 'launchJob' | 'findJob' | 'readJob' | 'stopJob'> {
  return {
    launchJob: heartbeating(createLaunchJob(deps)),
    findJob: heartbeating(createFindJob(deps)),
    readJob: heartbeating(createReadJob(deps)),
    stopJob: heartbeating(createStopJob(deps)),
  };
}

/** What is told of jobs that have ended, and done about those whose run is gone; any worker can. */
export function createReportActivities(
  deps: ActivityDeps,
): Pick<JobActivities, 'reportJob'> & ReapActivities {
  const prices = () => loadSettings(deps.root).prices ?? {};
  return {
    reportJob: heartbeating(createReportJob({ ...deps, prices })),
    reap: heartbeating(createReap(deps)),
  };
}

/** The activities of the workers that see one store's disk. */
export function createStoreActivities(
  deps: ActivityDeps,
): Omit<PipelineActivities, 'requestLock' | 'isRunOpen'> & Pick<JobActivities, 'uploadRun'> {
  return { ...createAnyHostActivities(deps), runBeam: createRunBeam(deps) };
}

/** What is done by the workers of one store, or by any: as the run needs that store's disk or not. */
function createAnyHostActivities(
  deps: ActivityDeps,
): Omit<PipelineActivities, 'requestLock' | 'isRunOpen' | 'runBeam'> &
  Pick<JobActivities, 'uploadRun'> {
  return {
    prepare: heartbeating(createPrepare(deps)),
    inspectDestinations: heartbeating(createInspectDestinations(deps)),
    resolveWindows: heartbeating(createResolveWindows(deps)),
    audit: heartbeating(createAudit(deps)),
    publish: heartbeating(createPublish(deps)),
    fence: heartbeating(createFence(deps)),
    finish: heartbeating(createFinish(deps)),
    uploadRun: heartbeating(createUploadRun(deps)),
  };
}
