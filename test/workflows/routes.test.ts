import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { RunStatus } from '../../src/shared/run/contract.js';
import { runKeyOf } from '../../src/store/run-key.js';
import type {
  Audit,
  PipelineActivities,
  PreparedRun,
  PreparedSink,
} from '../../src/workflows/contract/activities.js';
import {
  createFakeActivities,
  ownLock,
  preparedSink,
  type AllActivities,
} from '../support/fake-activities.js';
import { target } from '../support/fake-job.js';
import { causeOf, withJobRun, type JobRun } from '../support/job-run.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

const bucket = 'gs://b/beamline';
/** A host that is lost: nobody serves its queue. */
const lost = { id: 'k3', host: 'alpha', root: '/s', taskQueue: 'nobody', waitMs: 3000 };
const table: PreparedSink = {
  ...preparedSink,
  name: 'table',
  module: 'bigquery',
  destination: 'bigquery:p.d.t',
  lockId: 'beamline.lock.routes-table',
  address: { table: 'p.d.t' },
};
const file: PreparedSink = { ...preparedSink, lockId: 'beamline.lock.routes-file' };
const address = {
  module: 'bigquery',
  destination: 'bigquery:p.d.t',
  parameters: { table: 'p.d.t' },
};

/** Ends the job as soon as it is launched. */
const jobDone = ({ dataflow }: Pick<JobRun, 'dataflow'>): void => {
  dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_DONE', job);
};
/** The fakes tell of no file in the bucket. */
const staged = async () => ({ manifestUri: `${bucket}/m`, manifestSha256: '', attempt: 1 });

describe('the queues of a run whose host is lost', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('are not asked for anything by a run whose plan, inputs and destinations any host reaches', async () => {
    const prepared = { store: lost, bucket, sinks: [table], revision: 2, incremental: ['orders'] };
    await withJobRun(environment, prepared as object, async (test) => {
      jobDone(test);
      const run = await test.start({ ...test.dataflow.activities(), findStaged: staged });
      const receipt = await run.result();
      assert.equal(receipt.sinks[0]?.state, 'published');
      for (const called of ['uploadRun', 'resolveWindows', 'audit', 'publish', 'finish']) {
        assert.ok(test.calls.includes(called), called);
      }
      const queues = (await historyOf(run)).flatMap(({ queue }) => queue ?? []);
      assert.deepEqual([...new Set(queues)], [test.taskQueue]);
    });
  });

  it('keep no destination while what is on the host waits to be uploaded', async () => {
    const prepared = { store: lost, bucket, sinks: [table], revision: 2, uploads: 'from host' };
    await withJobRun(environment, prepared as object, async (test) => {
      const run = await test.start();
      const error = (await causeOf(run)) as { type: string };
      assert.equal(error.type, 'StoreUnavailable');
      assert.ok(!test.calls.includes('requestLock'));
      assert.equal(test.receipts.length, 1, 'the receipt is kept by any host');
    });
  });

  it('are asked for a sink on that host only, and waited for once', async () => {
    await withMixedRun([table, file], async (test, run) => {
      await causeOf(run);
      const states = test.receipts[0]?.sinks.map(({ name, state }) => [name, state]);
      assert.deepEqual(states, [
        ['table', 'published'],
        ['warehouse', 'uncertain'],
      ]);
      const onHost = (await historyOf(run)).filter((event) => event.queue === test.hostQueue);
      assert.deepEqual(
        onHost.map(({ what, waitMs }) => [what, waitMs]),
        [
          ['inspectDestinations', 3000],
          ['publish', 3000],
          ['fence', 300],
          ['finish', 300],
        ],
      );
    });
  });

  it('keep no table from others while what was begun on the host cannot be fenced', async () => {
    await withMixedRun([file, table], async ({ hostQueue }, run) => {
      await causeOf(run);
      const order = (await historyOf(run)).map(({ what }) => what);
      const fenced = order.indexOf('fence');
      const [ofTable, ofFile] = [table, file].map((sink) =>
        order.indexOf(`to ${ownLock(sink, hostQueue)}`),
      );
      assert.ok(ofTable !== undefined && ofTable > 0 && ofTable < fenced, order.join());
      assert.ok(ofFile !== undefined && ofFile > fenced, order.join());
    });
  });

  it('are not asked to fence a table, nor waited for until a cancelled run gives it back', async () => {
    await withJobRun(environment, {}, async (test) => {
      const hostQueue = `${test.taskQueue}-host`;
      const host = await startHost(test, hostQueue, [table]);
      const fences: unknown[] = [];
      const run = await test.start({
        prepare: preparedOn(hostQueue, [table]),
        fence: async (_run, reference) => {
          fences.push(reference);
          return null;
        },
      });
      await until(() => test.calls.includes('audit'));
      await host.lose();
      await until(async () => (await historyOf(run)).some(({ what }) => what === 'publish'));
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(fences, [{ sink: 'table', baseVersion: 0, address }]);
      const order = (await historyOf(run)).map(({ what }) => what);
      assert.deepEqual(order.slice(-3), ['fence', `to ${ownLock(table, hostQueue)}`, 'finish']);
    });
  });

  it('are named by `status`, and whether the run needs them', async () => {
    const prepared = { store: lost, bucket, sinks: [table], revision: 2 };
    await withJobRun(environment, prepared as object, async (test) => {
      const run = await test.start({ ...test.dataflow.activities(), findStaged: staged });
      await until(() => test.dataflow.jobs.length === 1);
      const status = await run.query<RunStatus>('status');
      assert.deepEqual([status.store, status.host, status.needs_host], ['k3', 'alpha', false]);
      await test.dataflow.move('JOB_STATE_DONE');
      await run.result();
    });
    await withMixedRun([table, file], async (_test, run) => {
      await until(async () => (await run.query<RunStatus>('status')).needs_host === true);
      await causeOf(run);
    });
  });

  /** A run with a sink on its host, which is lost once the run's job is launched. */
  async function withMixedRun(
    sinks: PreparedSink[],
    body: (test: JobRun & { hostQueue: string }, run: WorkflowHandle) => Promise<void>,
  ): Promise<void> {
    await withJobRun(environment, {}, async (test) => {
      const hostQueue = `${test.taskQueue}-host`;
      const host = await startHost(test, hostQueue, sinks);
      test.dataflow.onLaunch = async (job) => {
        await host.lose();
        await test.dataflow.move('JOB_STATE_DONE', job);
      };
      const run = await test.start({
        ...test.dataflow.activities(),
        prepare: preparedOn(hostQueue, sinks, { bucket, dataflow: target, runner: 'dataflow' }),
        findStaged: staged,
        audit: async () => auditOf(sinks),
      });
      await body({ ...test, hostQueue }, run);
    });
  }

  /** A worker of the run's store, until it is lost. */
  async function startHost(
    test: JobRun,
    taskQueue: string,
    sinks: PreparedSink[],
  ): Promise<{ lose(): Promise<void> }> {
    const { activities } = createFakeActivities({
      client: environment.client.workflow,
      taskQueue,
      prepared: { sinks },
      calls: test.calls,
    });
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      activities: {
        inspectDestinations: (...asked) => activities.inspectDestinations(...asked),
        runBeam: (...asked) => activities.runBeam(...asked),
        async audit(...asked) {
          const answer = await activities.audit(...asked);
          // What the run does next would else come to a host that is about to be lost.
          await until(() => worker.getState() !== 'RUNNING');
          await sleep(1000); // A poll that is under way is given up.
          return answer;
        },
      } satisfies Partial<AllActivities>,
    });
    const running = worker.run();
    return {
      async lose() {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running;
      },
    };
  }
});

const preparedOn =
  (
    taskQueue: string,
    sinks: PreparedSink[],
    more: Partial<PreparedRun> = {},
  ): PipelineActivities['prepare'] =>
  async (_input, firstExecutionRunId) => ({
    pipeline: 'orders',
    runKey: runKeyOf(firstExecutionRunId),
    planSha256: 'a'.repeat(64),
    args: {},
    store: { ...lost, taskQueue },
    profiles: null,
    sinks: sinks.map((sink) => ({ ...sink, lockId: ownLock(sink, taskQueue) })),
    timeoutMs: null,
    destinationWaitMs: 1000,
    runner: 'local',
    dataflow: null,
    notes: [],
    revision: 2,
    ...more,
  });

function auditOf(sinks: PreparedSink[]): Audit {
  const rows = Object.fromEntries(sinks.map(({ name }) => [name, { rows: 7, bytes: 1 }]));
  return { steps: {}, sinks: rows, rowsRead: 7, rowsStaged: 7, rowsRejected: 0 };
}

interface Told {
  /** The name of an activity, or `to <workflow id>` for a signal. */
  what: string;
  queue?: string;
  /** How long it waits for a worker. */
  waitMs?: number;
}

/** What a run asked for, in order. */
async function historyOf(run: WorkflowHandle): Promise<Told[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap((event): Told[] => {
    const activity = event.activityTaskScheduledEventAttributes;
    const signal = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
    if (signal) return [{ what: `to ${signal.workflowExecution?.workflowId}` }];
    if (!activity) return [];
    const { activityType, taskQueue, scheduleToStartTimeout: wait } = activity;
    const waitMs = Number(wait?.seconds ?? 0) * 1000 + (wait?.nanos ?? 0) / 1e6;
    return [{ what: activityType?.name ?? '', queue: taskQueue?.name ?? '', waitMs }];
  });
}
