import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import {
  WorkflowFailedError,
  type WorkflowHandle,
  type WorkflowHandleWithFirstExecutionRunId,
} from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { ResumedRun } from '../../src/workflows/resumed-run.js';
import { createFakeActivities, type FakeOptions } from './fake-activities.js';
import { FakeDataflow, target } from './fake-job.js';
import { until } from './until.js';
import { workflowBundle } from './workflow-bundle.js';

export interface JobRun {
  taskQueue: string;
  dataflow: FakeDataflow;
  receipts: Receipt[];
  calls: string[];
  start: (overrides?: FakeOptions['overrides'], more?: StartOptions) => Promise<Run>;
}

interface StartOptions {
  beats?: boolean;
  /** What an execution before this one had done. */
  resumed?: ResumedRun;
  /** Called before a worker is there. */
  beforeWorker?: (run: Run) => Promise<void>;
}

type Run = WorkflowHandleWithFirstExecutionRunId<(input: object) => Promise<Receipt>>;

let count = 0;

/** One run with a worker of its own and a Dataflow of its own, which the test moves. */
export async function withJobRun(
  { client, nativeConnection }: TestWorkflowEnvironment,
  prepared: NonNullable<FakeOptions['prepared']>,
  body: (test: JobRun) => Promise<void>,
): Promise<void> {
  const code = await workflowBundle();
  const taskQueue = `jobs-${++count}`;
  const workflowId = `job-run-${count}-${Math.random().toString(36).slice(2)}`;
  const dataflow = new FakeDataflow(workflowId, client.workflow);
  /** An execution that has not begun, and continues another. */
  const startContinued = async (resumed: ResumedRun, input: object): Promise<Run> => {
    const before = await Worker.create({
      connection: nativeConnection,
      taskQueue: `${taskQueue}-before`,
      workflowsPath: fileURLToPath(new URL('continuing-workflow.js', import.meta.url)),
    });
    return before.runUntil(async () => {
      const run: Run = await client.workflow.start('continuing', {
        taskQueue: `${taskQueue}-before`,
        workflowId,
        args: [taskQueue, input, resumed],
      });
      const newest = client.workflow.getHandle(workflowId);
      await until(async () => (await newest.describe()).runId !== run.firstExecutionRunId);
      return run;
    });
  };
  let worker: Promise<void> | undefined;
  let created: Worker | undefined;
  const seen: Pick<JobRun, 'receipts' | 'calls'> = { receipts: [], calls: [] };
  try {
    await body({
      dataflow,
      ...seen,
      taskQueue,
      async start(overrides = dataflow.activities(), options = {}) {
        const { beats = false, resumed, beforeWorker } = options;
        const input = { config: 'orders.yaml', runner: 'dataflow' };
        const run = resumed
          ? await startContinued(resumed, input)
          : await client.workflow.start('runPipeline', { taskQueue, workflowId, args: [input] });
        await beforeWorker?.(run);
        const fakes = createFakeActivities({
          client: client.workflow,
          taskQueue,
          prepared: { dataflow: target, ...prepared },
          overrides: {
            ...overrides,
            finish: async (_run, receipt) => void seen.receipts.push(receipt),
          },
          calls: seen.calls,
          beats,
        });
        created = await Worker.create({
          connection: nativeConnection,
          activities: fakes.activities,
          taskQueue,
          ...code,
        });
        worker = created.run();
        return run;
      },
    });
  } finally {
    created?.shutdown();
    await worker;
  }
}

export async function causeOf(run: WorkflowHandle): Promise<unknown> {
  try {
    await run.result();
  } catch (error) {
    assert.ok(error instanceof WorkflowFailedError, String(error));
    return error.cause;
  }
  return assert.fail('the run succeeded');
}

/** Until the server tells the activity of its cancellation, which a heartbeat's answer brings. */
export async function untilCancelled(): Promise<void> {
  await Context.current().cancelled.catch(() => undefined);
}
