/**
 * Records the histories in `test/replay` anew: `node dist/scripts/record-histories.js [NAME…]`, all or
 * those named.
 *
 * Run it only when the workflow's contract was changed on purpose and no run of the old code is
 * alive any more: the recorded histories are what guards those.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { promisify } from 'node:util';
import { createRequestLock } from '../src/activities/locks.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { failure } from '../src/shared/failures.js';
import { registerSearchAttributes } from '../src/worker/search-attributes.js';
import { createFakeActivities, failing, preparedSink } from '../test/support/fake-activities.js';
import { FakeDataflow, target } from '../test/support/fake-job.js';
import { projectRoot, startTemporal } from '../test/support/stack.js';
import { quietRuntime } from '../test/support/quiet-runtime.js';
import { workflowBundle } from '../test/support/workflow-bundle.js';

const wanted = process.argv.slice(2);

type Overrides = NonNullable<Parameters<typeof createFakeActivities>[0]['overrides']>;

const folder = join(projectRoot, 'test', 'replay');
const staged = async () => ({ manifestUri: '/m', manifestSha256: 'b'.repeat(64), attempt: 1 });

/** An activity that ends with its cancellation only. */
async function untilCancelled(): Promise<never> {
  for (;;) {
    Context.current().heartbeat();
    await Context.current().sleep(100);
  }
}

const scenarios: Record<string, Overrides> = {
  succeeded: {},
  retried: { runBeam: failing('ConnectionLost', 2, staged) },
  failed: { runBeam: failing('SqlError', 1, staged) },
  'publish-failed': {
    publish: async () => {
      throw failure('DataError', 'a column is missing');
    },
  },
  'version-taken': {
    publish: failing('VersionTaken', 1, async () => ({ version: 2, rows: 7, bytes: 1 })),
  },
};

quietRuntime();
const environment = await startTemporal();
const { client, connection, nativeConnection } = environment;
await registerSearchAttributes(connection, 'default');
const code = await workflowBundle();

for (const [name, overrides] of Object.entries(scenarios)) {
  await record(name, overrides, async (run) => {
    await run.result().catch(() => undefined);
    return run;
  });
}
await record('cancelled', { runBeam: untilCancelled }, async (run) => {
  while ((await run.describe()).historyLength < 20) await environment.sleep(100);
  await run.cancel();
  await run.result().catch(() => undefined);
  return run;
});
await record('reset', {}, async (run) => {
  await run.result();
  const { events } = await run.fetchHistory();
  const completed = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: run.workflowId },
    workflowTaskFinishEventId: completed[2]?.eventId ?? null,
    requestId: `reset-${run.workflowId}`,
    reason: 'recorded',
  });
  const again = client.workflow.getHandle(run.workflowId, runId);
  await again.result();
  return again;
});
// The lock is asked by a signal and answers by one in all of these but the last.
for (const name of ['dataflow', 'dataflow-revision-1']) {
  await record(name, {}, async (run, dataflow) => {
    await launched(dataflow);
    for (const state of ['JOB_STATE_RUNNING', 'JOB_STATE_DONE'] as const) {
      await dataflow.move(state);
    }
    await run.result();
    return run;
  });
}
await record('dataflow-cancelled', {}, async (run, dataflow) => {
  dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
  await launched(dataflow);
  await run.cancel();
  await run.result().catch(() => undefined);
  return run;
});
await record('dataflow-relaunched', {}, async (run, dataflow) => {
  dataflow.report.failure = {
    cause: 'out_of_memory',
    message: 'a worker ran out of memory',
    retryHelps: true,
    next: 'take larger machines',
    evidence: [],
  };
  dataflow.onLaunch = (job) =>
    dataflow.move(dataflow.launches === 1 ? 'JOB_STATE_FAILED' : 'JOB_STATE_DONE', job);
  await run.result();
  return run;
});
await environment.teardown();

async function launched(dataflow: FakeDataflow): Promise<void> {
  while (dataflow.jobs.length === 0) await environment.sleep(100);
  await environment.sleep(500);
}

/** The history as the Temporal CLI shows it, in protobuf's JSON. */
async function historyOf(run: WorkflowHandle): Promise<string> {
  const { runId } = await run.describe();
  const { stdout } = await promisify(execFile)(
    findTemporalCli(),
    ['workflow', 'show', '--output', 'json', '--address', environment.address].concat([
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

async function record(
  name: string,
  overrides: Overrides,
  drive: (run: WorkflowHandle, dataflow: FakeDataflow) => Promise<WorkflowHandle>,
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const isJob = name.startsWith('dataflow');
  const dataflow = new FakeDataflow(`recorded-${name}`, client.workflow);
  const taskQueue = `record-${name}`;
  const sinks = [{ ...preparedSink, lockId: `beamline.lock.${name}` }];
  const launch = { ...target.launch, attempts: 2 };
  const isRevised = name.endsWith('-revision-1');
  const asked = isRevised ? { requestLock: createRequestLock({ client, taskQueue }) } : {};
  const options = {
    client: client.workflow,
    taskQueue,
    prepared: {
      sinks,
      dataflow: isJob ? { ...target, launch } : null,
      ...(isRevised ? { revision: 1 as const } : {}),
    },
    overrides: { ...(isJob ? dataflow.activities() : {}), ...asked, ...overrides },
  };
  const { activities } = createFakeActivities(options);
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    activities,
    shutdownGraceTime: 0,
    shutdownForceTime: '1s',
    ...code,
  });
  await worker.runUntil(async () => {
    const run = await client.workflow.start('runPipeline', {
      taskQueue,
      workflowId: `recorded-${name}`,
      args: [{ config: 'orders.yaml' }],
    });
    const closed = await drive(run, dataflow);
    await writeFile(join(folder, `${name}.json`), await historyOf(closed));
  });
}
