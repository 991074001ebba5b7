import { resolve } from 'node:path';
import { searchAttributes } from '../shared/run/contract.js';
import { defaultTaskQueue, storeTaskQueue, workflowType } from '../shared/names.js';
import type { Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import { memoKey } from '../shared/run/run-memo.js';
import { hasWorkerOn } from './look/absent-host.js';
import { connectTemporal, reached, type TemporalClient } from './server/connection.js';
import { ReceiptNotFound } from './server/errors.js';
import { listExecutions } from './server/executions.js';
import { findRun } from './look/find-run.js';
import { cancelRequestOf, type CancelRequest } from './look/cancel-request.js';
import { rerunInputOf, type RerunOptions } from './rerun.js';
import { runKeyOf } from '../store/run-key.js';
import { Run } from './run.js';
import type { Schedules } from './schedules.js';
import {
  createRunRequest,
  createWorkflowId,
  type RunOptions,
  type RunRequest,
} from './run-request.js';
import { runKeyOfExecution, summaryOf, type RunSummary } from './look/snapshot.js';
import { findStoredReceipt, storedReceipt } from './look/stored-receipts.js';
import { waitsOf, type Waits } from './look/waits.js';
import { timelineUrl, webUiOf } from './server/web-ui.js';

export interface ConnectOptions {
  /** The project root: relative paths start here. Default: the working directory. */
  root?: string;
  /** `host:port` of Temporal; default: its own environment configuration, else `beamline dev`. */
  address?: string;
  namespace?: string;
  /** The task queue of the workers. Default `beamline`. */
  taskQueue?: string;
}

/**
 * Starts pipelines and looks at their runs.
 *
 * ```ts
 * const beamline = await Beamline.connect();
 * const run = await beamline.run('examples/flights.yaml');
 * for await (const { state, steps } of run.progress()) console.log(state, steps);
 * console.log((await run.receipt()).rows_read);
 * await beamline.close();
 * ```
 */
export class Beamline {
  readonly root: string;
  readonly taskQueue: string;
  readonly #temporal: TemporalClient;
  readonly #ui: string | null;

  private constructor(
    temporal: TemporalClient,
    root: string,
    ui: string | null,
    taskQueue: string,
  ) {
    this.#temporal = temporal;
    this.root = root;
    this.#ui = ui;
    this.taskQueue = taskQueue;
  }

  /** @throws {@link TemporalUnreachable} */
  static async connect(options: ConnectOptions = {}): Promise<Beamline> {
    const root = resolve(options.root ?? '.');
    const temporal = await connectTemporal(root, options);
    const ui = await webUiOf(root, temporal);
    return new Beamline(temporal, root, ui, options.taskQueue ?? defaultTaskQueue);
  }

  /** `host:port` of the Temporal server. */
  get address(): string {
    return this.#temporal.address;
  }

  /**
   * Checks a config and starts a run of it.
   * @param file path of the config, relative to the project root
   * @throws `ConfigProblems` with every problem at its place; nothing was started then
   */
  async run(file: string, options: RunOptions = {}): Promise<Run> {
    return this.start(await createRunRequest(file, { ...options, root: this.root }));
  }

  /** Starts a run that was checked by {@link createRunRequest}. */
  async start({
    workflowId,
    input,
    memo,
    summary,
    details,
    taskQueue = this.taskQueue,
  }: Pick<RunRequest, 'workflowId' | 'input' | 'summary' | 'details'> &
    Partial<Pick<RunRequest, 'memo'>> & {
      taskQueue?: string | undefined;
    }): Promise<Run> {
    const handle = await this.#reached(() =>
      this.#temporal.client.workflow.start(workflowType, {
        workflowId,
        taskQueue,
        args: [input],
        ...(memo === undefined ? {} : { memo: { [memoKey]: memo } }),
        staticSummary: summary,
        staticDetails: details,
      }),
    );
    return this.#runOf(
      workflowId,
      handle.firstExecutionRunId,
      runKeyOf(handle.firstExecutionRunId),
    );
  }

  /**
   * Runs the pinned plan of an earlier run again, with its arguments, on the store that has it.
   * @param options see {@link RerunOptions}
   * @throws {@link CannotRerun}
   */
  async rerun(
    reference: string,
    options: RerunOptions = {},
  ): Promise<{ run: Run; input: RunPipelineInput }> {
    const stored = reference === 'latest' ? null : await findStoredReceipt(this.root, reference);
    const receipt = stored ?? (await (await this.get(reference)).receipt());
    const input = rerunInputOf(receipt, options);
    const run = await this.start({
      workflowId: createWorkflowId(receipt.pipeline, new Date()),
      input,
      summary: `${receipt.pipeline}: run ${receipt.run_key} again`,
      taskQueue: receipt.task_queue,
      details: `The plan of run \`${receipt.run_key}\` (${receipt.workflow_id}), unchanged.`,
    });
    return { run, input };
  }

  /**
   * Finds a run.
   * @param reference run key, workflow id, run id, or `latest`
   * @throws {@link RunNotFound}, which names a near miss
   */
  async get(reference: string): Promise<Run> {
    const { client } = this.#temporal;
    const { workflowId, runId, runKey } = await this.#reached(() =>
      findRun(client, reference, () => this.list({ limit: 200 })),
    );
    return this.#runOf(workflowId, runId, runKey);
  }

  /**
   * The newest runs, the newest first.
   * @param options `limit`: at most this many (default 20)
   */
  async list({ pipeline, limit = 20 }: { pipeline?: string; limit?: number } = {}): Promise<
    RunSummary[]
  > {
    const named =
      pipeline === undefined
        ? ''
        : ` AND ${searchAttributes.pipeline.name} = '${pipeline.replaceAll("'", "''")}'`;
    // A run whose history was continued, or which was reset, is shown once, as its newest execution.
    const query = `WorkflowType = '${workflowType}' AND ExecutionStatus != 'ContinuedAsNew'${named}`;
    return this.#reached(async () => {
      const runs: RunSummary[] = [];
      const seen = new Set<string>();
      for await (const execution of listExecutions(this.#temporal.client, query, limit)) {
        const runKey = runKeyOfExecution(execution);
        if (!seen.has(runKey)) runs.push(summaryOf(execution, runKey));
        seen.add(runKey);
        if (runs.length >= limit) break;
      }
      return runs;
    });
  }

  /** The receipt of a run that has ended; null if it left none. */
  async receiptOf({ run_key, workflow_id, run_id }: RunSummary): Promise<Receipt | null> {
    const stored = await storedReceipt(this.root, run_key).catch(() => null);
    if (stored !== null) return stored;
    try {
      return await this.#runOf(workflow_id, run_id, run_key).receipt();
    } catch (error) {
      if (error instanceof ReceiptNotFound) return null;
      throw error;
    }
  }

  /** Who asked a run to cancel, and when; null if nobody did, or its history is gone. */
  async cancelRequestOf({
    workflow_id,
    run_id,
  }: Pick<RunSummary, 'workflow_id' | 'run_id'>): Promise<CancelRequest | null> {
    return cancelRequestOf(this.#temporal.client, workflow_id, run_id).catch(() => null);
  }

  /** What keeps a run from going on: who has the destinations that it waits for, a host that is not there. */
  async waitsOf({ workflow_id, closed_at }: RunSummary): Promise<Waits> {
    if (closed_at !== null) return { absent_host: null, held_by: [] };
    return this.#reached(() => waitsOf(this.#temporal.client, workflow_id));
  }

  /**
   * Whether a worker has lately asked for work.
   * @param storeId ask for the workers of that store instead
   */
  async hasWorker(storeId?: string): Promise<boolean> {
    const { client } = this.#temporal;
    return this.#reached(() =>
      storeId === undefined
        ? hasWorkerOn(client, this.taskQueue, 'workflow')
        : hasWorkerOn(client, storeTaskQueue(this.taskQueue, storeId), 'activity'),
    );
  }

  /**
   * The schedules of this project.
   * @throws `ConfigProblems` if `beamline.yaml` is wrong
   */
  async schedules(): Promise<Schedules> {
    const { Schedules } = await import('./schedules.js');
    return new Schedules(this.#temporal, { root: this.root, taskQueue: this.taskQueue });
  }

  async close(): Promise<void> {
    await this.#temporal.client.connection.close();
  }

  #runOf(workflowId: string, runId: string, key: string): Run {
    const handle = this.#temporal.client.workflow.getHandle(workflowId, runId);
    const { namespace } = this.#temporal;
    const url = this.#ui === null ? null : timelineUrl(this.#ui, namespace, workflowId, runId);
    return new Run(this.#temporal, handle, { root: this.root, key, url });
  }

  #reached<T>(call: () => Promise<T>): Promise<T> {
    return reached(this.address, call);
  }
}
