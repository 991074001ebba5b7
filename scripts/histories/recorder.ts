import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createIsRunOpen, createRequestLock } from '../../src/activities/locks.js';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import type { Reaped } from '../../src/shared/run/reap.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import type { PreparedRun } from '../../src/workflows/contract/activities.js';
import { createFakeActivities, preparedSink } from '../../test/support/fake-activities.js';
import { FakeDataflow, target } from '../../test/support/fake-job.js';
import { projectRoot } from '../../test/support/stack.js';
import { workflowBundle } from '../../test/support/workflow-bundle.js';

export type Overrides = NonNullable<Parameters<typeof createFakeActivities>[0]['overrides']>;

/** A history to record: how its run is prepared, what its activities do, and what happens to it. */
export interface Scenario {
  prepared?: Partial<PreparedRun>;
  input?: Partial<RunPipelineInput>;
  overrides?: Overrides;
  /** True if the run is a job of Dataflow, on fakes. */
  isJob?: true;
  /**
   * What the code of the workflow is as new as; null for histories in which the lock is asked by a
   * signal and answers by one, as the first release did.
   */
  revision: 1 | null;
  /** Done before the run is started. */
  before?(world: World): Promise<void>;
  /** Brings the run to its end. Answers with the executions to keep, by the ending of their names. */
  drive?: (run: WorkflowHandle, world: World) => Promise<Record<string, WorkflowHandle>>;
}

export interface World {
  environment: TestWorkflowEnvironment;
  dataflow: FakeDataflow;
  taskQueue: string;
}

const reaped: Reaped = {
  jobs: [],
  asked: [],
  failed: [],
  staging: [],
  removed: [],
  stalled: [],
  locks: [],
  released: [],
};

const folder = join(projectRoot, 'test', 'replay');

/** Runs a scenario and keeps what its executions left. */
export async function record(
  environment: TestWorkflowEnvironment,
  name: string,
  scenario: Scenario,
): Promise<void> {
  const { client, nativeConnection: connection } = environment;
  const dataflow = new FakeDataflow(`recorded-${name}`, client.workflow);
  const taskQueue = `record-${name}`;
  const { revision, isJob = false } = scenario;
  const launch = { ...target.launch, attempts: 2 };
  const sinks = [{ ...preparedSink, lockId: `beamline.lock.${name}` }];
  const { activities } = createFakeActivities({
    client: client.workflow,
    taskQueue,
    knownLocks: true,
    prepared: {
      sinks,
      dataflow: isJob ? { ...target, launch } : null,
      ...(revision === null ? {} : { revision }),
      ...scenario.prepared,
    },
    overrides: {
      ...(isJob ? dataflow.activities() : {}),
      ...(revision === null
        ? {}
        : {
            requestLock: createRequestLock({ client, taskQueue }),
            isRunOpen: createIsRunOpen(environment),
          }),
      ...scenario.overrides,
    },
  });
  const world: World = { environment, dataflow, taskQueue };
  const worker = await Worker.create({
    connection,
    taskQueue,
    activities: { ...activities, reap: async () => reaped },
    shutdownGraceTime: 0,
    shutdownForceTime: '1s',
    ...(await workflowBundle()),
  });
  await worker.runUntil(async () => {
    await scenario.before?.(world);
    const run = await client.workflow.start('runPipeline', {
      taskQueue,
      workflowId: `recorded-${name}`,
      args: [{ config: 'orders.yaml', ...scenario.input }],
    });
    const kept = await (scenario.drive ?? untilClosed)(run, world);
    for (const [ending, handle] of Object.entries(kept)) {
      await writeFile(join(folder, `${name}${ending}.json`), await historyOf(environment, handle));
    }
  });
}

/** Waits for the end, whatever it is. */
export async function untilClosed(run: WorkflowHandle): Promise<Record<string, WorkflowHandle>> {
  await run.result().catch(() => undefined);
  return { '': run };
}

/** The history as the Temporal CLI shows it, in protobuf's JSON. */
async function historyOf(
  { address }: TestWorkflowEnvironment,
  run: WorkflowHandle,
): Promise<string> {
  const { runId } = await run.describe();
  const { stdout } = await promisify(execFile)(
    findTemporalCli(),
    ['workflow', 'show', '--output', 'json', '--address', address].concat([
      '--workflow-id',
      run.workflowId,
      '--run-id',
      runId,
    ]),
    { maxBuffer: 1 << 26 },
  );
  // Stack traces name the folders of whoever recorded; a replay does not look at them.
  return stdout.replaceAll(/("stackTrace": )".*"/g, '$1""');
}
