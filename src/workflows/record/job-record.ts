import { upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../../shared/run/contract.js';
import { isTerminal } from '../../shared/run/job-end.js';
import type { JobReport, JobState, JobView, ReceiptJob } from '../../shared/run/job.js';

/** What a run knows of its job. */
export class JobRecord {
  #job: ReceiptJob | null = null;

  /** @param changed called after each change that a person may see */
  constructor(private readonly changed: () => void) {}

  /** For the receipt and the details page; null before a launch. */
  get value(): ReceiptJob | null {
    return this.#job;
  }

  /** Its id, once it is known. */
  get id(): string | null {
    return this.#job?.job_id || null;
  }

  /** Which launch of the run it comes from, from 1. */
  get ordinal(): number {
    return this.#job?.launch ?? 1;
  }

  launching(job: Pick<ReceiptJob, 'project' | 'region' | 'job_name' | 'launch'>): void {
    this.#job = { ...job, job_id: '', state: 'JOB_STATE_UNKNOWN', url: '' };
  }

  /** @param url its page in a console */
  launched(jobId: string, url: string): void {
    if (!this.#job || this.#job.job_id === jobId) return;
    this.#job.job_id = jobId;
    this.#job.url = url;
    upsertSearchAttributes([{ key: searchAttributes.jobId, value: jobId }]);
    this.changed();
  }

  seen({ jobName, state }: Pick<JobView, 'jobName' | 'state'>): void {
    if (!this.#job) return;
    this.#job.state = state;
    this.#job.job_name = jobName;
    this.changed();
  }

  forceCancelled(): void {
    if (this.#job) this.#job.force_cancelled = true;
  }

  reported({ metrics, cost, failure }: JobReport): void {
    if (!this.#job) return;
    Object.assign(this.#job, { metrics, cost }, failure ? { failure } : {});
  }

  /**
   * For the status.
   * @param claimed the state that its last event claimed
   */
  shown(claimed: JobState | null): ReceiptJob | null {
    return this.#job && { ...this.#job, state: shownState(this.#job.state, claimed) };
  }
}

/** An event tells of a job's states between two looks; its end is believed only after a look. */
function shownState(seen: JobState, claimed: JobState | null): JobState {
  return claimed !== null && !isTerminal(claimed) && !isTerminal(seen) ? claimed : seen;
}
