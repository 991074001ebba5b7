import type { WorkflowClient } from '@temporalio/client';
import { failure } from '../../src/shared/failures.js';
import { isTerminal } from '../../src/shared/run/job-end.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import type {
  DataflowTarget,
  JobEvent,
  JobReport,
  JobState,
  JobView,
} from '../../src/shared/run/job.js';
import type { LaunchJob } from '../../src/shared/run/launch-job.js';
import type { JobActivities } from '../../src/runners/dataflow/workflow/job-activities.js';

export const target: DataflowTarget = {
  project: 'p',
  region: 'r',
  store: 'gs://b/beamline',
  deployment: 'deploymentx',
  console: 'https://console.cloud.google.com',
  launch: { containerSpecGcsPath: 'gs://b/t.json', attempts: 1 },
  reconcileAfterMs: 900_000,
  forceCancelAfterMs: 1_800_000,
};

interface FakeJob {
  view: JobView;
  ordinal: number;
}

/**
 * The jobs of one project, in memory: what the activities of a run's job do, and what the service
 * would tell the run. A test moves the jobs and says which events arrive.
 */
export class FakeDataflow {
  readonly jobs: FakeJob[] = [];
  /** Reads of a job (`getJob`), in order. */
  readonly reads: string[] = [];
  readonly stops: string[] = [];
  /** The reports that were asked for (`reportJob`): of which job, and whether it had failed. */
  readonly reports: string[] = [];
  launches = 0;
  /** Told after a launch took effect, to move the job or send events. */
  onLaunch: (job: FakeJob, request: LaunchJob) => unknown = () => undefined;
  onStop: (job: FakeJob, how: string) => unknown = ({ view }) => {
    view.state = 'JOB_STATE_CANCELLED';
  };
  report: JobReport = { metrics: null, cost: null, failure: null };
  hidesJobs = false;

  constructor(
    private readonly workflowId: string,
    private readonly client: WorkflowClient,
  ) {}

  get last(): FakeJob {
    const job = this.jobs.at(-1);
    if (!job) throw new Error('no job was launched');
    return job;
  }

  add(request: Pick<LaunchJob, 'jobName' | 'ordinal' | 'runKey'>): FakeJob {
    const job: FakeJob = {
      ordinal: request.ordinal,
      view: {
        jobId: `job-${this.jobs.length + 1}`,
        jobName: request.jobName,
        state: 'JOB_STATE_QUEUED',
        type: 'batch',
        labels: labelsOf({
          workflowId: this.workflowId,
          runKey: request.runKey,
          ordinal: request.ordinal,
          deployment: target.deployment,
        }),
      },
    };
    this.jobs.push(job);
    return job;
  }

  /** Sends an event to the run, true or not. */
  async send(
    state: JobState,
    job: FakeJob = this.last,
    event: Partial<JobEvent> = {},
  ): Promise<void> {
    const run = this.client.getHandle(this.workflowId);
    await run.signal<[JobEvent]>('jobStateChanged', {
      jobId: job.view.jobId,
      jobName: job.view.jobName,
      project: 'p',
      region: 'r',
      state,
      runKey: job.view.labels['beamline-run'] ?? '',
      ordinal: job.ordinal,
      ...event,
    });
  }

  /** Moves the job to a state and sends the event of it. */
  async move(state: JobState, job: FakeJob = this.last): Promise<void> {
    job.view.state = state;
    await this.send(state, job);
  }

  activities(): JobActivities {
    const find = (jobId: string): FakeJob => {
      const job = this.jobs.find(({ view }) => view.jobId === jobId);
      if (!job) throw failure('JobLost', `no job ${jobId}`);
      return job;
    };
    return {
      uploadRun: async () => ({ planUri: 'gs://b/p', profilesUri: null, inputsUri: null }),
      launchJob: async (request) => {
        const there = this.jobs.find(({ view }) => view.jobName === request.jobName);
        if (there && this.hidesJobs) return { jobId: null, state: null, adopted: false };
        if (there) return { jobId: there.view.jobId, state: there.view.state, adopted: true };
        this.launches += 1;
        const job = this.add(request);
        await this.onLaunch(job, request);
        return { jobId: job.view.jobId, state: job.view.state, adopted: false };
      },
      findJob: async ({ jobName }) =>
        this.hidesJobs
          ? null
          : (this.jobs.find(({ view }) => view.jobName === jobName)?.view ?? null),
      readJob: async ({ jobId }) => {
        this.reads.push(jobId);
        return { ...find(jobId).view };
      },
      stopJob: async ({ jobId }, how) => {
        this.stops.push(`${how} ${jobId}`);
        const job = find(jobId);
        if (!isTerminal(job.view.state)) await this.onStop(job, how);
      },
      reportJob: async ({ jobId }, _target, failed) => {
        this.reports.push(failed ? `failed ${jobId}` : jobId);
        return this.report;
      },
      findStaged: async (_run, _target, ordinal) => ({
        manifestUri: `gs://b/${ordinal}/manifest.json`,
        manifestSha256: 'b'.repeat(64),
        attempt: ordinal,
      }),
    };
  }
}
