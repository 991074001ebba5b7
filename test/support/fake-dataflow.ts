import {
  DataflowRefused,
  DataflowUnavailable,
  JobNameTaken,
  JobNotFound,
  type Dataflow,
  type LaunchRequest,
} from '../../src/gateways/dataflow.js';
import type { JobState, JobView } from '../../src/shared/run/job.js';

/** What a {@link FakeDataflow} does wrong. */
export interface Faults {
  /** The next launch has its effect, and its answer is lost. */
  loseAnswer?: boolean;
  /** A QUEUED job is in no list. */
  hideQueued?: boolean;
  /** The list gives no labels. */
  listWithoutLabels?: boolean;
  /** The list takes no notice of the name that is asked for. */
  listAnyName?: boolean;
  /** Thrown by the next call. */
  next?: Error;
  /** Thrown by the next look at one job. */
  nextGet?: Error;
}

const ended: readonly JobState[] = [
  'JOB_STATE_DONE',
  'JOB_STATE_FAILED',
  'JOB_STATE_CANCELLED',
  'JOB_STATE_UPDATED',
  'JOB_STATE_DRAINED',
];

/** A Dataflow service in memory: a job's name is unique while it is active, and no longer. */
export class FakeDataflow implements Dataflow {
  readonly jobs: JobView[] = [];
  readonly launches: LaunchRequest[] = [];
  readonly calls: string[] = [];
  faults: Faults = {};

  /** Jobs that have not ended. */
  get live(): JobView[] {
    return this.jobs.filter(({ state }) => !ended.includes(state));
  }

  async launch(request: LaunchRequest): Promise<JobView | null> {
    this.#called('launch');
    this.launches.push(request);
    if (this.live.some(({ jobName }) => jobName === request.jobName)) throw new JobNameTaken('409');
    const job = this.add({ jobName: request.jobName, labels: request.labels });
    if (this.faults.loseAnswer === true) {
      delete this.faults.loseAnswer;
      throw new DataflowUnavailable('DEADLINE_EXCEEDED: no answer');
    }
    return job;
  }

  /** Puts a job there that somebody has launched. */
  add(job: Partial<JobView>): JobView {
    const whole: JobView = {
      jobId: `job-${this.jobs.length + 1}`,
      jobName: 'job',
      state: 'JOB_STATE_QUEUED',
      createTime: new Date().toISOString(),
      type: 'batch',
      labels: {},
      ...job,
    };
    this.jobs.unshift(whole);
    return whole;
  }

  async get({ jobId }: { jobId: string }): Promise<JobView> {
    this.#called('get');
    const { nextGet } = this.faults;
    delete this.faults.nextGet;
    if (nextGet !== undefined) throw nextGet;
    return this.#job(jobId);
  }

  async *list({
    filter,
    createdSince,
    name,
  }: Parameters<Dataflow['list']>[0]): AsyncGenerator<JobView> {
    this.#called(`list ${filter}`);
    for (const job of this.jobs) {
      const isActive = !ended.includes(job.state);
      if (filter !== 'ALL' && isActive !== (filter === 'ACTIVE')) continue;
      const isOther = name !== undefined && name !== job.jobName;
      if (isOther && this.faults.listAnyName !== true) continue;
      if (this.faults.hideQueued === true && job.state === 'JOB_STATE_QUEUED') continue;
      if (createdSince !== undefined && (job.createTime ?? '') < createdSince) return;
      yield this.faults.listWithoutLabels === true ? { ...job, labels: {} } : job;
    }
  }

  async request(
    { jobId }: { jobId: string },
    state: 'JOB_STATE_CANCELLED' | 'JOB_STATE_DRAINED',
    { force = false }: { force?: boolean } = {},
  ): Promise<void> {
    this.#called(`request ${state}${force ? ' by force' : ''}`);
    const job = this.#job(jobId);
    if (ended.includes(job.state)) {
      throw new DataflowRefused('the job is terminal', 'FAILED_PRECONDITION');
    }
    const isDrain = state === 'JOB_STATE_DRAINED';
    job.state = force ? state : isDrain ? 'JOB_STATE_DRAINING' : 'JOB_STATE_CANCELLING';
  }

  messages = async (): Promise<never[]> => [];
  metrics = async (): Promise<never> => {
    throw new Error('no metrics here');
  };
  close = async (): Promise<void> => undefined;

  #job(id: string): JobView {
    const job = this.jobs.find(({ jobId }) => jobId === id);
    if (job === undefined) throw new JobNotFound(`no job ${id}`);
    return job;
  }

  #called(what: string): void {
    this.calls.push(what);
    const { next } = this.faults;
    delete this.faults.next;
    if (next !== undefined) throw next;
  }
}
