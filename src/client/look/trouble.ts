import type { TemporalClient } from '../server/connection.js';
import { codeOf, grpcCodes } from '../server/grpc-codes.js';
import type { RunSnapshot } from './snapshot.js';
import { holdersOf } from './waits.js';

/** What `stuck` says of a run that no worker answers for. */
export const noWorker = 'no worker answers: the run goes on when one is there';

/** Codes of a query that no worker has answered in time, or that none would. */
const unansweredCodes = new Set<number | undefined>([
  grpcCodes.deadlineExceeded,
  grpcCodes.failedPrecondition,
  grpcCodes.unavailable,
]);

/** Whether a query failed since no worker is there, and not by the workflow's own word. */
export function isWithoutWorker(error: unknown): boolean {
  return unansweredCodes.has(codeOf(error));
}

/** Looks without an answer after which it is said that the server gives none. */
const quietLooks = 3;

/** Milliseconds between two questions for who holds the same destinations. */
const askAgainMs = 15_000;

/**
 * What keeps a run that is followed from going on, as its looks show it. What is there for one look only is
 * not told: for a moment, every run waits for its destinations, and a worker that starts answers late.
 */
export class FollowedTrouble {
  #quiet = 0;
  #last: RunSnapshot | null = null;
  #waiting: readonly string[] = [];
  #isUnanswered = false;
  #held: RunSnapshot['held_by'] = [];
  #asked = { what: '', at: 0 };

  constructor(private readonly temporal: TemporalClient) {}

  /**
   * @param look null if the server did not answer
   * @returns null if there is nothing to tell
   */
  async see(look: RunSnapshot | null): Promise<RunSnapshot | null> {
    if (look === null) {
      const isQuiet = ++this.#quiet >= quietLooks;
      if (!isQuiet || this.#last === null) return null;
      const stuck = `Temporal at ${this.temporal.address} does not answer: the run goes on when it does`;
      return { ...this.#last, stuck };
    }
    this.#quiet = 0;
    const { waiting_for: now, stuck } = look;
    look.waiting_for = now.filter((destination) => this.#waiting.includes(destination));
    this.#waiting = now;
    if (stuck === noWorker && !this.#isUnanswered) look.stuck = null;
    this.#isUnanswered = stuck === noWorker;
    look.held_by = await this.#holders(look);
    this.#last = look;
    return look;
  }

  async #holders({
    workflow_id,
    waiting_for: waits,
  }: RunSnapshot): Promise<RunSnapshot['held_by']> {
    if (waits.length === 0) return [];
    const what = waits.join('\n');
    const isNew = what !== this.#asked.what || Date.now() - this.#asked.at > askAgainMs;
    if (!isNew) return this.#held;
    this.#asked = { what, at: Date.now() };
    this.#held = await holdersOf(this.temporal.client, workflow_id, waits);
    return this.#held;
  }
}
