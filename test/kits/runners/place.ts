import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { RunStatus } from '../../../src/shared/run/contract.js';
import type { Outcome, Receipt } from '../../../src/shared/run/receipt.js';
import { until } from '../../support/until.js';
import type { MemberSignal, Traits } from './member.js';
import type { Program } from './programs.js';

/** How one run differs from the plainest. */
export interface RunOptions {
  /** It has a `timeout`, which is short. */
  hasDeadline?: true;
  /** Its signals are lost; where its runner looks at times, it looks soon. */
  isDeaf?: true;
  /** The first answer of each activity of its runner is lost, after all of its effects. */
  losesAnswers?: true;
  /** What starts its program answers only once it is cancelled. */
  holdsStart?: true;
}

/** What a run of two rows brought. */
export interface Result {
  rows: Record<string, unknown>[];
  /** Type by name. */
  columns: Record<string, string>;
  counts: { read: number; staged: number; rejected: number; published: number };
}

/** A runner under the kit. */
export interface KitPlace {
  traits: Traits;
  start(options?: RunOptions): Promise<KitRun>;
  /** What a run of Beam itself published; one is enough for all that ask. */
  result(): Promise<Result>;
}

/** How a run ended. */
export interface RunEnd {
  outcome: Outcome;
  failure: string;
  published: number;
  /** Of what it started, when its receipt was kept. */
  left: number;
  receipt: Receipt;
}

/** What the kit's activities know of a run. */
export interface Ends {
  receipt(workflowId: string): { receipt: Receipt; left: number } | undefined;
  published(workflowId: string): number;
  /** Whether its start was tried again after its answer was lost. */
  wasTriedAgain(workflowId: string): boolean;
}

export interface KitRunParts {
  handle: WorkflowHandle;
  key: string;
  program: Program;
  signal: MemberSignal | undefined;
  ends: Ends;
  /** How long anything of it may take. */
  patienceMs: number;
}

/** One run of the kit. */
export class KitRun {
  readonly program: Program;
  readonly #handle: WorkflowHandle;

  constructor(private readonly parts: KitRunParts) {
    this.program = parts.program;
    this.#handle = parts.handle;
  }

  untilRunning(): Promise<void> {
    return this.until(async () => (await this.program.running()) > 0, 'the program runs');
  }

  /** Until it runs, and its workflow has heard so and waits. */
  async untilWaiting(): Promise<void> {
    await this.untilRunning();
    await this.until(async () => {
      const { raw } = await this.#handle.describe();
      return (raw.pendingActivities ?? []).length === 0;
    }, 'no activity is under way');
  }

  untilTriedAgain(): Promise<void> {
    const { ends, handle } = this.parts;
    return this.until(() => ends.wasTriedAgain(handle.workflowId), 'its start was tried again');
  }

  /** Waits as long as a run of this runner may take. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    return until(condition, what, this.parts.patienceMs);
  }

  async ended(): Promise<RunEnd> {
    const over = new AbortController();
    await Promise.race([
      this.#handle.result().catch(() => undefined),
      sleep(this.parts.patienceMs, undefined, { signal: over.signal }).then(() =>
        assert.fail(`the run did not end within ${this.parts.patienceMs / 1000} s`),
      ),
    ]).finally(() => over.abort());
    const { workflowId } = this.#handle;
    const kept = this.parts.ends.receipt(workflowId);
    assert.ok(kept !== undefined, 'the run ended without a receipt');
    const { receipt, left } = kept;
    return {
      outcome: receipt.outcome,
      failure: JSON.stringify(receipt.failure ?? null),
      published: this.parts.ends.published(workflowId),
      left,
      receipt,
    };
  }

  async isOpen(): Promise<boolean> {
    return (await this.#handle.describe()).status.name === 'RUNNING';
  }

  async cancel(): Promise<void> {
    await this.#handle.cancel();
  }

  /** The id of the execution that is open: another one once it was continued as new. */
  async execution(): Promise<string> {
    return (await this.#handle.describe()).runId;
  }

  /** Its state, with all that was sent before this was asked. */
  async state(): Promise<string> {
    return (await this.#handle.query<RunStatus>('status')).state;
  }

  /** How many activities it has asked for. */
  async activities(): Promise<number> {
    const { events } = await this.#handle.fetchHistory();
    return (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes).length;
  }

  async sendMalformed(): Promise<void> {
    const { name, malformed } = this.#signal;
    for (const sent of malformed) await this.#handle.signal(name, sent);
  }

  /** Says that it has ended, which is not so. */
  async sendForged(): Promise<void> {
    const signal = this.#signal;
    const { job } = await this.#handle.query<RunStatus>('status');
    const claim = signal.forged({ key: this.parts.key, jobId: job?.job_id });
    await this.#handle.signal(signal.name, claim);
  }

  /** Ends whatever is left of it. */
  async tidy(): Promise<void> {
    if (await this.isOpen()) await this.#handle.terminate();
    await this.program.kill();
  }

  get #signal(): MemberSignal {
    assert.ok(this.parts.signal !== undefined, 'this runner hears no signal');
    return this.parts.signal;
  }
}
