import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import { sinksOfStatus, type RunStatus } from '../shared/run/contract.js';
import { stepsOfReceipt } from '../shared/run/progress.js';
import type { Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import { isUnreachable, type TemporalClient } from './server/connection.js';
import { describedOf, type DescribedExecution } from './server/executions.js';
import { ReceiptNotFound, RunFailed, TemporalUnreachable } from './server/errors.js';
import { JobProgress } from './look/job-progress.js';
import { readReceipt } from './look/read-receipt.js';
import { readRunStatus } from './look/read-run-status.js';
import { receiptInHistory } from './look/receipt-in-history.js';
import { serviceOf } from './look/runner-service.js';
import { runFailedOf } from './run-failure.js';
import { stepKindsOf } from './look/step-kinds.js';
import { FollowedTrouble, isWithoutWorker, noWorker } from './look/trouble.js';
import { snapshotOf, type RunSnapshot } from './look/snapshot.js';
import { storedReceipt } from './look/stored-receipts.js';

type Handle = WorkflowHandle<(input: RunPipelineInput) => Promise<Receipt>>;

/** Milliseconds between two looks at a run, and the longest wait for the answer of its workflow. */
const lookEveryMs = 1_000;
const answerWithinMs = 2_000;

/** A run that was started, by this client or by another. */
export class Run {
  /** The short run key: ten characters that name the run everywhere. */
  readonly key: string;
  readonly workflowId: string;
  readonly #temporal: TemporalClient;
  /** Of the newest execution known: one with a long history, or a reset one, goes on in another. */
  #handle: Handle;
  readonly #root: string;
  #result: Promise<Receipt> | undefined;

  /** @internal */
  constructor(
    temporal: TemporalClient,
    handle: Handle,
    { root, key, url }: { root: string; key: string; url: string | null },
  ) {
    this.#temporal = temporal;
    this.#handle = handle;
    this.#root = root;
    this.key = key;
    this.workflowId = handle.workflowId;
    this.url = url;
  }

  /** The run's page in Temporal's Web UI; null if no Web UI is known. */
  readonly url: string | null;

  /**
   * A look at the run now: what the server knows, and what the workflow itself answers if a worker
   * is there to ask.
   */
  async status(): Promise<RunSnapshot> {
    const description = await this.#describe();
    if (!description.isOpen) return snapshotOf(description, this.key, null);
    const { status, isAnswered } = await this.#askStatus();
    const snapshot = snapshotOf(description, this.key, status);
    if (!isAnswered) snapshot.stuck ??= noWorker;
    return snapshot;
  }

  /**
   * Looks at the run about once a second, and yields what has changed, until the run has ended. It
   * looks only while somebody iterates; the end itself is awaited, not polled. What it has seen of
   * the steps it keeps, and the last look has those of the receipt. The steps of a job on a service come
   * from its metrics, every five seconds, where the service lets this client look.
   */
  async *progress(): AsyncGenerator<RunSnapshot, void, void> {
    const leaving = new AbortController();
    const ended = this.#endUntil(leaving.signal);
    let last = '';
    let seen: RunSnapshot['steps'] = {};
    const trouble = new FollowedTrouble(this.#temporal);
    let jobProgress: JobProgress | undefined;
    try {
      for (let isLast = false; ; isLast = await within(ended, lookEveryMs)) {
        const snapshot = await trouble.see(await this.#look());
        if (snapshot !== null) {
          const { job, runner } = snapshot;
          if (job !== null && runner !== null) {
            jobProgress ??= new JobProgress(async () => (await serviceOf(runner)).open(), {
              kinds: () => stepKindsOf(this.#handle, this.#root),
            });
            const live = jobProgress.stepsOf(job);
            if (isEmpty(snapshot.steps)) snapshot.steps = live;
          }
          await this.#rememberSteps(snapshot, seen);
          seen = snapshot.steps;
        }
        const text = JSON.stringify(snapshot);
        if (snapshot !== null && text !== last) yield snapshot;
        last = text;
        if (isLast) return;
      }
    } finally {
      jobProgress?.close();
      leaving.abort();
    }
  }

  /**
   * True once the run has ended, or nobody can tell. It shares a wait that is under way; else it waits until it
   * is aborted: a call that is left behind is tried again when its connection is closed, which throws.
   */
  #endUntil(signal: AbortSignal): Promise<boolean> {
    const { client } = this.#temporal;
    const end = this.#result ?? client.withAbortSignal(signal, () => this.#awaitEnd());
    return end.then(
      () => true,
      () => true,
    );
  }

  /**
   * Waits for the end of the run.
   * @returns the receipt of a run that succeeded
   * @throws {@link RunFailed} for every other end; {@link TemporalUnreachable} if the server is
   *   lost, in which case the run itself goes on
   */
  result(): Promise<Receipt> {
    this.#result ??= this.#awaitEnd();
    return this.#result;
  }

  /**
   * Waits for the end of the run and gives its receipt, however it ended.
   * @throws {@link ReceiptNotFound} if it ended without one: before its config was read, or because
   *   it was terminated
   */
  async receipt(): Promise<Receipt> {
    try {
      return await this.result();
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      if (error.receipt !== undefined) return error.receipt;
      throw new ReceiptNotFound(this.key, error.message);
    }
  }

  /** Asks the run to cancel; it ends its processes, removes what it staged, and closes. */
  async cancel(): Promise<void> {
    const { firstRunId: firstExecutionRunId } = await this.#describe();
    // Of whichever execution is open: the server accepts the cancellation of one that was continued
    // or reset meanwhile, and nothing comes of it.
    const { workflow } = this.#temporal.client;
    const open = workflow.getHandle(this.workflowId, undefined, { firstExecutionRunId });
    await this.#reached(() => open.cancel().catch(unlessNotFound));
  }

  /** Asks the run to let its streaming job finish what it has read. The run refuses it for a batch job. */
  async drain(): Promise<void> {
    for (;;) {
      const handle = this.#handle;
      try {
        return await this.#reached(() => handle.signal('drainJob'));
      } catch (error) {
        unlessNotFound(error);
        if (!(await this.#goesOnAfter(handle))) throw error;
      }
    }
  }

  async #awaitEnd(): Promise<Receipt> {
    for (;;) {
      const handle = this.#handle;
      try {
        const receipt = readReceipt(await handle.result());
        if (receipt !== null) return receipt;
        throw new ReceiptNotFound(this.key, 'it ended with something that is no receipt');
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw this.#explained(error);
        if (await this.#goesOnAfter(handle)) continue;
        const receipt = (await this.#keptReceipt()) ?? undefined;
        const { runId } = await this.#describe();
        throw runFailedOf(error, this.key, receipt, runId);
      }
    }
  }

  /** Whether the run goes on in another execution than this one, which has ended; others may have seen it first. */
  async #goesOnAfter(ended: Handle): Promise<boolean> {
    await this.#describe();
    return this.#handle !== ended;
  }

  /** The receipt of a run that has ended: from the store, or from the history. */
  async #keptReceipt(): Promise<Receipt | null> {
    // One that cannot be read here may be in the history.
    const stored = await storedReceipt(this.#root, this.key).catch(() => null);
    if (stored !== null) return stored;
    const { runId } = await this.#describe();
    const { client } = this.#temporal;
    return this.#reached(() => receiptInHistory(client, this.workflowId, runId));
  }

  /** Between two who tell of the steps nobody does; at the end the receipt does, and of the sinks. */
  async #rememberSteps(snapshot: RunSnapshot, seen: RunSnapshot['steps']): Promise<void> {
    const isBefore = snapshot.state === 'preparing' || snapshot.state === 'queued';
    if (isEmpty(snapshot.steps) && !isBefore) snapshot.steps = seen;
    if (snapshot.closed_at === null) return;
    const receipt = await this.result().catch((error: unknown) =>
      error instanceof RunFailed ? error.receipt : undefined,
    );
    if (receipt === undefined) return;
    snapshot.steps = { ...snapshot.steps, ...stepsOfReceipt(receipt) };
    snapshot.sinks = sinksOfStatus(receipt.sinks);
  }

  /** Null if the server did not answer this once. */
  async #look(): Promise<RunSnapshot | null> {
    try {
      return await this.status();
    } catch (error) {
      if (error instanceof TemporalUnreachable) return null;
      throw error;
    }
  }

  async #describe(): Promise<DescribedExecution> {
    const described = describedOf((await this.#reached(() => this.#handle.describe())).raw);
    if (described.isOpen) return described;
    const { workflow } = this.#temporal.client;
    const newest: Handle = workflow.getHandle(this.workflowId);
    const next = describedOf((await this.#reached(() => newest.describe())).raw);
    if (next.runId === described.runId) return described;
    // The workflow id may have been used again since, by another run.
    if (next.firstRunId !== described.firstRunId) return described;
    this.#handle = workflow.getHandle(this.workflowId, next.runId);
    return next;
  }

  /** Whether a worker answers, and what. */
  async #askStatus(): Promise<{ status: RunStatus | null; isAnswered: boolean }> {
    try {
      const deadline = Date.now() + answerWithinMs;
      const ask = () => this.#handle.query<unknown>('status');
      const answer = await this.#temporal.client.withDeadline(deadline, ask);
      return { status: readRunStatus(answer), isAnswered: true };
    } catch (error) {
      return { status: null, isAnswered: !isWithoutWorker(error) };
    }
  }

  async #reached<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    return isUnreachable(error) ? new TemporalUnreachable(this.#temporal.address, error) : error;
  }
}

function isEmpty(steps: RunSnapshot['steps']): boolean {
  return Object.keys(steps).length === 0;
}

/** Throws every error but the one of a run that has ended. */
function unlessNotFound(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** Whether `ended` is settled before the time is over. */
async function within(ended: Promise<boolean>, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  const over = sleep(ms, false, { signal: waiting.signal }).catch(() => false);
  try {
    return await Promise.race([ended, over]);
  } finally {
    waiting.abort();
  }
}
