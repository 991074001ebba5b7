import { DataflowUnavailable, type JobService } from '../../gateways/dataflow.js';
import type { JobState, ReceiptJob } from '../../shared/run/job.js';
import type { StepKind, StepProgress } from '../../shared/run/progress.js';

/** Milliseconds between two looks at a job's metrics. */
const lookEveryMs = 5_000;

/**
 * What the steps of a job on a service have done, read from its metrics while somebody watches.
 *
 * It never makes a watcher wait: a look goes on beside, and the steps are those of the last one that
 * came back. Without credentials or network there are none, and nothing is said.
 */
export class JobProgress {
  readonly #open: () => Promise<JobService>;
  readonly #readKinds: () => Promise<ReadonlyMap<string, StepKind>>;
  #kinds: Promise<ReadonlyMap<string, StepKind>> | undefined;
  readonly #everyMs: number;
  #service: Promise<JobService> | undefined;
  #steps: Record<string, StepProgress> = {};
  #lookedAt = -Infinity;
  #isLooking = false;
  #isOver = false;

  constructor(
    open: () => Promise<JobService>,
    {
      kinds,
      everyMs = lookEveryMs,
    }: { kinds: () => Promise<ReadonlyMap<string, StepKind>>; everyMs?: number },
  ) {
    this.#open = open;
    this.#readKinds = kinds;
    this.#everyMs = everyMs;
  }

  /** The steps as they were last seen; starts another look if it is time, and the job may run. */
  stepsOf(job: ReceiptJob, now = Date.now()): Record<string, StepProgress> {
    const isDue = !this.#isLooking && now - this.#lookedAt >= this.#everyMs;
    if (isDue && !this.#isOver && job.job_id !== '' && mayRun(job.state)) {
      this.#lookedAt = now;
      this.#isLooking = true;
      void this.#look(job).finally(() => (this.#isLooking = false));
    }
    return this.#steps;
  }

  /** Ends it: no look follows. */
  close(): void {
    this.#isOver = true;
    void this.#service?.then((service) => service.close()).catch(() => undefined);
  }

  async #look({ project, region, job_id }: ReceiptJob): Promise<void> {
    try {
      this.#service ??= this.#open();
      const service = await this.#service;
      if (this.#isOver) return;
      this.#kinds ??= this.#readKinds();
      const kinds = await this.#kinds;
      const { rows } = await service.metrics({ project, region, jobId: job_id });
      const steps = Object.entries(rows).map(([name, count]): [string, StepProgress] => [
        name,
        { kind: kinds.get(name) ?? 'transform', rows: count, bytes: 0, done: false },
      ]);
      this.#steps = Object.fromEntries(steps);
    } catch (error) {
      // One look that was lost is none; who may not look, or has no credentials, asks no more.
      const passes = error instanceof DataflowUnavailable;
      if (!passes) this.#isOver = true;
    }
  }
}

/** Of a run's job the workflow knows an early state only, as long as nothing tells it the end. */
function mayRun(state: JobState): boolean {
  switch (state) {
    case 'JOB_STATE_UNKNOWN':
    case 'JOB_STATE_QUEUED':
    case 'JOB_STATE_PENDING':
    case 'JOB_STATE_RUNNING':
    case 'JOB_STATE_DRAINING':
      return true;
    case 'JOB_STATE_STOPPED':
    case 'JOB_STATE_DONE':
    case 'JOB_STATE_FAILED':
    case 'JOB_STATE_CANCELLED':
    case 'JOB_STATE_UPDATED':
    case 'JOB_STATE_DRAINED':
    case 'JOB_STATE_CANCELLING':
    case 'JOB_STATE_RESOURCE_CLEANING_UP':
    case 'JOB_STATE_PAUSING':
    case 'JOB_STATE_PAUSED':
      return false;
  }
}
