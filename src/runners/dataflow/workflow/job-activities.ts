import { proxyActivities } from '@temporalio/workflow';
import type { LaunchedJob, LaunchJob, UploadedRun } from '../../../shared/run/launch-job.js';
import type { DataflowTarget, JobReference, JobReport, JobView } from '../../../shared/run/job.js';
import type { RunReference, Staged } from '../../../workflows/contract/activities.js';
import { patient, retry, supervised } from '../../../workflows/contract/proxies.js';
import type { RunnerContext } from '../../../workflows/runner.js';

/**
 * The activities of a run on Dataflow, on any worker; but `uploadRun` on one of the run's store, if it reads
 * files of its disk.
 */
export interface JobActivities {
  /** Uploads what a job reads: the plan, its connection profiles, the files of its sources. */
  uploadRun(
    run: RunReference,
    target: DataflowTarget,
    allowPlaintext: boolean,
  ): Promise<UploadedRun>;
  /** Launches a job, or adopts the one that an earlier attempt launched. */
  launchJob(request: LaunchJob): Promise<LaunchedJob>;
  /** Looks for the job of a launch by its name; null if it is not listed. */
  findJob(request: LaunchJob): Promise<JobView | null>;
  /** Reads a job. */
  readJob(job: JobReference): Promise<JobView>;
  /** Asks a job to end; asking twice is asking once. */
  stopJob(job: JobReference, how: 'cancel' | 'drain' | 'force'): Promise<void>;
  /** What a job that has ended consumed, and why it failed, if `failed`. */
  reportJob(job: JobReference, target: DataflowTarget, failed: boolean): Promise<JobReport>;
  /** The manifest of a job that is done. */
  findStaged(run: RunReference, target: DataflowTarget, ordinal: number): Promise<Staged>;
}

/** Losing sight of Dataflow never fails a run: these are tried for as long as the run may take. */
const untilReached = {
  initialInterval: retry.initialInterval,
  backoffCoefficient: retry.backoffCoefficient,
  maximumInterval: '1m',
} as const;

/** Calls them, each where it can be done. */
export function jobActivities({ prepared, routes, taskQueue }: RunnerContext): JobActivities {
  const brief = { ...supervised, taskQueue, startToCloseTimeout: '2m' } as const;
  const { launchJob, findJob, readJob, stopJob, findStaged } = proxyActivities<JobActivities>({
    ...brief,
    retry: untilReached,
  });
  const { reportJob } = proxyActivities<JobActivities>({
    ...brief,
    scheduleToCloseTimeout: '5m',
    retry: { ...retry, maximumAttempts: 4 },
  });
  const uploadOn = (queue: { taskQueue: string }): JobActivities['uploadRun'] =>
    proxyActivities<JobActivities>({ ...patient(prepared), ...queue }).uploadRun;
  const isAnywhere = prepared.bucket !== undefined && prepared.uploads === undefined;
  return {
    uploadRun: (...upload) =>
      isAnywhere
        ? uploadOn({ taskQueue })(...upload)
        : routes.onHost((queue) => uploadOn(queue)(...upload)),
    launchJob,
    findJob,
    readJob,
    stopJob,
    reportJob,
    findStaged,
  };
}
