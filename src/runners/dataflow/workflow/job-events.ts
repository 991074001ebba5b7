import { isNamed, isPlainText, isText } from '../../../shared/form.js';
import { isTerminal } from '../../../shared/run/job-end.js';
import { isJobState, longestJobId } from '../../../shared/run/job-identity.js';
import type { JobEvent, JobState } from '../../../shared/run/job.js';

/** Other jobs of one run that are looked after: more can only be forged. */
const mostStrays = 5;
/** Events kept until their launch is known, and jobs of which an end is claimed: more is a flood. */
const mostKept = 50;

type Claim = Pick<JobEvent, 'jobId' | 'runKey' | 'ordinal' | 'state'>;

/** The job that counts now; its id is null until the launch has told it. */
interface Watched {
  runKey: string;
  ordinal: number;
  jobId: string | null;
}

/**
 * What events have claimed of a run's job. Nothing here is believed: a claim only makes the run
 * look at the job, so that a forged, doubled, malformed or reordered event can do no harm.
 */
export class JobEvents {
  /** The last state that an event claimed of the watched job, for display. */
  claimedState: JobState | null = null;
  /** Ids that events gave for a launch whose job is not known yet. */
  readonly candidates: string[] = [];
  /** Jobs of this run that are not its current one, to be looked at. */
  readonly strays: string[] = [];
  readonly #seenStrays = new Set<string>();
  readonly #ends = new Set<string>();
  readonly #early: Claim[] = [];
  #watched: Watched | null = null;

  /** Whether an end of the watched job was claimed since it was last looked at. */
  get endClaimed(): boolean {
    const jobId = this.#watched?.jobId;
    return typeof jobId === 'string' && this.#ends.has(jobId);
  }

  /** The job must be looked at: an event, or what its launch answered, says that it has ended. */
  claimEnd(jobId: string): void {
    if (this.#ends.size < mostKept) this.#ends.add(jobId);
  }

  /** The job is looked at now: what was claimed of its end before does not count any more. */
  looked(jobId: string): void {
    this.#ends.delete(jobId);
  }

  /** Says which job counts now. Events that came before it are heard now. */
  watch(watched: Watched): void {
    const before = this.#watched;
    this.#watched = watched;
    if (before?.jobId !== watched.jobId) this.claimedState = null;
    if (before?.ordinal === watched.ordinal && watched.jobId !== null) {
      for (const jobId of this.candidates) if (jobId !== watched.jobId) this.#stray(jobId);
    }
    this.candidates.splice(0);
    for (const event of this.#early.splice(0)) this.#take(event);
  }

  /**
   * The handler of the signal `jobStateChanged`: anybody may send one, of any form.
   * @returns false for one that is no event
   */
  hear(sent: unknown): boolean {
    const event = eventOf(sent);
    if (event !== null) this.#take(event);
    return event !== null;
  }

  #take(event: Claim): void {
    const watched = this.#watched;
    if (watched === null || event.ordinal > watched.ordinal) {
      if (this.#early.length < mostKept) this.#early.push(event);
      return;
    }
    if (event.runKey !== watched.runKey) return;
    if (isTerminal(event.state)) this.claimEnd(event.jobId);
    if (event.jobId === watched.jobId) this.claimedState = event.state;
    else if (watched.jobId !== null) {
      if (!isTerminal(event.state)) this.#stray(event.jobId);
    } else if (event.ordinal === watched.ordinal && !this.candidates.includes(event.jobId)) {
      if (this.candidates.length < mostStrays) this.candidates.push(event.jobId);
    }
  }

  #stray(jobId: string): void {
    if (this.#seenStrays.has(jobId) || this.#seenStrays.size >= mostStrays) return;
    this.#seenStrays.add(jobId);
    this.strays.push(jobId);
  }
}

/** What is read of an event; nothing else of it is kept. */
function eventOf(value: unknown): Claim | null {
  if (!isNamed(value)) return null;
  const { jobId, runKey, ordinal, state } = value;
  if (!isPlainText(jobId, longestJobId) || !isText(runKey, 63) || !isJobState(state)) return null;
  if (typeof ordinal !== 'number' || !Number.isSafeInteger(ordinal)) return null;
  return { jobId, runKey, ordinal, state };
}
