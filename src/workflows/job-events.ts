import { isTerminal } from '../shared/job-end.js';
import type { JobEvent, JobState } from '../shared/job.js';

/** Other jobs of one run that are looked after: more can only be forged. */
const mostStrays = 5;

/**
 * What events have claimed of a run's job. Nothing here is believed: a claim only makes the run
 * look at the job, so that a forged, doubled or reordered event can do no harm.
 */
export class JobEvents {
  /** An event has claimed that the job has ended, since the job was last looked at. */
  endClaimed = false;
  /** The last state that an event claimed, for display. */
  claimedState: JobState | null = null;
  /** Id of the job of the current launch, known from an event only. */
  claimedId: string | null = null;
  /** Jobs of this run that are not its current one, to be looked at. */
  readonly strays: string[] = [];
  readonly #seenStrays = new Set<string>();
  #watched: { runKey: string; ordinal: number; jobId: string | null } | null = null;
  readonly #early: JobEvent[] = [];

  /** Says which job counts now. Events that came before it are heard now. */
  watch(watched: { runKey: string; ordinal: number; jobId: string | null }): void {
    const isNew = this.#watched?.ordinal !== watched.ordinal;
    this.#watched = watched;
    if (isNew || watched.jobId !== this.claimedId) {
      this.endClaimed = false;
      this.claimedState = null;
    }
    if (isNew) this.claimedId = null;
    for (const event of this.#early.splice(0)) this.hear(event);
  }

  /** The handler of the signal `jobStateChanged`. */
  hear(event: JobEvent): void {
    const watched = this.#watched;
    if (watched === null || (watched.jobId === null && event.ordinal > watched.ordinal)) {
      // Kept until the launch is known; more than a job's life has states is a flood.
      if (this.#early.length < 50) this.#early.push(event);
      return;
    }
    if (event.runKey !== watched.runKey || typeof event.jobId !== 'string') return;
    const current = watched.jobId ?? this.claimedId;
    if (current === null && event.ordinal === watched.ordinal) this.claimedId = event.jobId;
    if (event.jobId === (watched.jobId ?? this.claimedId)) {
      if (isTerminal(event.state)) this.endClaimed = true;
      this.claimedState = event.state;
    } else if (!isTerminal(event.state)) {
      this.#stray(event.jobId);
    }
  }

  #stray(jobId: string): void {
    if (this.#seenStrays.has(jobId) || this.#seenStrays.size >= mostStrays) return;
    this.#seenStrays.add(jobId);
    this.strays.push(jobId);
  }
}
