import {
  JobNotFound,
  type Dataflow,
  type LaunchRequest,
  type UnknownJobState,
} from '../../src/gateways/dataflow.js';
import type { JobMessage, JobMetrics, JobReference, JobView } from '../../src/shared/run/job.js';
import { ObjectNotFound, type ObjectInfo, type ObjectStore } from '../../src/store/object-store.js';

/** A Dataflow service in memory, as far as looking at jobs and ending them goes. */
export class FakeJobs implements Dataflow {
  readonly jobs = new Map<string, JobView>();
  readonly messagesOf = new Map<string, JobMessage[]>();
  readonly metricsOf = new Map<string, JobMetrics>();
  /** Every call, `name jobId`. */
  readonly calls: string[] = [];
  /** Thrown by the next calls, one each. */
  failures: Error[] = [];
  /** Thrown by every such call, `name jobId`. */
  readonly refusals = new Map<string, Error>();
  /** What the list cannot read. */
  readonly unknownStates: UnknownJobState[] = [];
  isClosed = false;

  add(job: JobView): JobView {
    this.jobs.set(job.jobId, job);
    return job;
  }

  launch(request: LaunchRequest): Promise<JobView | null> {
    throw new Error(`nobody should launch ${request.jobName}`);
  }

  async get(job: JobReference): Promise<JobView> {
    return this.#found('get', job);
  }

  /** Summaries, without labels, as the service gives them. */
  async *list({
    filter,
    unread,
  }: Parameters<Dataflow['list']>[0]): AsyncGenerator<JobView, void, void> {
    this.#call('list', '');
    for (const error of this.unknownStates) unread?.(error);
    for (const job of this.jobs.values()) {
      if (filter !== 'ACTIVE' || isActive(job)) yield { ...job, labels: {} };
    }
  }

  async request(
    job: JobReference,
    state: 'JOB_STATE_CANCELLED' | 'JOB_STATE_DRAINED',
  ): Promise<void> {
    const found = this.#found(`request ${state}`, job);
    const next = state === 'JOB_STATE_CANCELLED' ? 'JOB_STATE_CANCELLING' : 'JOB_STATE_DRAINING';
    if (isActive(found)) this.jobs.set(job.jobId, { ...found, state: next });
  }

  async messages(
    job: JobReference,
    { minimum = 'debug', since }: { minimum?: JobMessage['importance']; since?: string } = {},
  ): Promise<JobMessage[]> {
    this.#call('messages', job.jobId);
    const order = ['debug', 'detailed', 'basic', 'warning', 'error'] as const;
    return (this.messagesOf.get(job.jobId) ?? []).filter(
      ({ importance, time }) =>
        order.indexOf(importance) >= order.indexOf(minimum) &&
        (since === undefined || time >= since),
    );
  }

  async metrics(job: JobReference): Promise<JobMetrics> {
    this.#call('metrics', job.jobId);
    const found = this.metricsOf.get(job.jobId);
    if (found === undefined) throw new JobNotFound(`no job ${job.jobId}`);
    return found;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #found(name: string, { jobId }: JobReference): JobView {
    this.#call(name, jobId);
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new JobNotFound(`no job ${jobId}`);
    return job;
  }

  #call(name: string, jobId: string): void {
    this.calls.push(`${name} ${jobId}`.trim());
    const failure = this.refusals.get(`${name} ${jobId}`) ?? this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}

function isActive({ state }: JobView): boolean {
  return !['DONE', 'FAILED', 'CANCELLED', 'DRAINED', 'UPDATED'].some(
    (end) => state === `JOB_STATE_${end}`,
  );
}

/** An object store in memory, as far as reading, listing and removing go. */
export function createFakeObjects(objects = new Map<string, string>()): Pick<
  ObjectStore,
  'read' | 'list' | 'remove' | 'removePrefix' | 'stat'
> & {
  objects: Map<string, string>;
} {
  const info = (uri: string): ObjectInfo => ({
    uri,
    size: objects.get(uri)?.length ?? 0,
    generation: '1',
    md5: null,
    metadata: {},
    updated: '2026-11-25T03:00:00.000Z',
  });
  return {
    objects,
    async read(uri) {
      const content = objects.get(uri);
      if (content === undefined) throw new ObjectNotFound(uri);
      return Buffer.from(content);
    },
    async stat(uri) {
      return objects.has(uri) ? info(uri) : null;
    },
    async *list(prefix) {
      for (const uri of [...objects.keys()].toSorted()) if (uri.startsWith(prefix)) yield info(uri);
    },
    async remove(uri) {
      objects.delete(uri);
    },
    async removePrefix(prefix) {
      const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
      for (const uri of objects.keys()) if (uri.startsWith(folder)) objects.delete(uri);
    },
  };
}
