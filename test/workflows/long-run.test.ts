import assert from 'node:assert/strict';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Beamline } from '../../src/client/index.js';
import { Run } from '../../src/client/run.js';
import type { RunStatus } from '../../src/shared/run/contract.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { runKeyOf } from '../../src/store/run-key.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import type { ResumedRun } from '../../src/workflows/resumed-run.js';
import { createFakeActivities, ownLock, preparedSink } from '../support/fake-activities.js';
import { FakeDataflow, target } from '../support/fake-job.js';
import { causeOf, withJobRun } from '../support/job-run.js';
import { startTemporal } from '../support/stack.js';
import { until } from '../support/until.js';

describe('a run of which many events are heard', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    // The server suggests to continue at 4,096 events; the test does not want to send as many.
    environment = await startTemporal([
      '--dynamic-config-value',
      'limit.historyCount.suggestContinueAsNew=60',
    ]);
    await registerSearchAttributes(environment.connection, 'default');
  });
  after(() => environment?.teardown());

  /** Sends events until the execution that is open now is continued in another. */
  async function untilContinued(dataflow: FakeDataflow, workflowId: string): Promise<void> {
    await until(() => dataflow.jobs.length > 0);
    const newest = environment.client.workflow.getHandle(workflowId);
    const { runId } = await newest.describe();
    await until(async () => {
      for (let event = 0; event < 20; event++) await dataflow.send('JOB_STATE_RUNNING');
      return (await newest.describe()).runId !== runId;
    });
  }

  /** A client of which nothing that changes a run arrives before `first` has happened. */
  function runOfSlowClient({ workflowId, runId }: Handle, first: () => Promise<unknown>): Run {
    const { client, address } = environment;
    const slow = new Client({
      connection: client.connection,
      interceptors: {
        workflow: [
          {
            async cancel(input, next) {
              await first();
              return next(input);
            },
            async signal(input, next) {
              await first();
              return next(input);
            },
          },
        ],
      },
    });
    const handle = slow.workflow.getHandle(workflowId, runId);
    const temporal = { client: slow, address, namespace: 'default' };
    return new Run(temporal, handle, { root: '.', key: runKeyOf(runId), url: null });
  }

  /** Resets an execution to the end of its first workflow task. */
  async function reset(workflowId: string, runId: string): Promise<void> {
    const { workflow, workflowService } = environment.client;
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    const finished = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId: finished?.eventId ?? null,
      requestId: `reset-${workflowId}`,
      reason: 'test',
    });
  }

  it('is continued as new while it waits, and stays the same run with the same job and lock', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, calls, receipts, taskQueue }) => {
      const { workflowId, firstExecutionRunId } = await start();
      const beamline = await Beamline.connect({ address: environment.address, taskQueue });
      const run = await beamline.get(workflowId);
      await untilContinued(dataflow, workflowId);
      const snapshot = await run.status();
      assert.notEqual(snapshot.run_id, firstExecutionRunId);
      assert.equal(snapshot.state, 'running');
      // The list follows the server's events a moment later.
      await until(async () => (await beamline.list()).map(({ run_key }) => run_key)[0] === run.key);
      assert.equal((await beamline.list()).length, 1);
      await dataflow.move('JOB_STATE_DONE');
      const receipt = await run.receipt();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.run_key, runKeyOf(firstExecutionRunId));
      assert.equal(receipt.job?.job_id, 'job-1');
      assert.equal(dataflow.launches, 1);
      for (const once of [
        'prepare',
        'uploadRun',
        'launchJob',
        'requestLock',
        'publish',
        'finish',
      ]) {
        assert.equal(calls.filter((name) => name === once).length, 1, once);
      }
      assert.deepEqual(receipts, [receipt]);
      // The lock was given back.
      await environment.client.workflow.getHandle(ownLock(preparedSink, taskQueue)).result();
      await beamline.close();
    });
  });

  it('is not continued before it has looked at a job of which it heard while it looked at another', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      let isTold = false;
      const run = await start({
        ...activities,
        readJob: async (job) => {
          if (job.jobId === 'job-2' && !isTold) {
            isTold = true;
            for (let event = 0; event < 60; event++) await dataflow.send('JOB_STATE_RUNNING');
            await dataflow.send('JOB_STATE_RUNNING', dataflow.jobs[2]);
          }
          return activities.readJob(job);
        },
      });
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const { jobName, labels } = dataflow.last.view;
      const runKey = labels['beamline-run'] ?? '';
      const [second] = ['second', 'third'].map(() => dataflow.add({ runKey, jobName, ordinal: 1 }));
      await dataflow.send('JOB_STATE_RUNNING', second);
      await until(() => dataflow.stops.length === 2);
      assert.deepEqual(dataflow.stops, ['cancel job-2', 'cancel job-3']);
      const newest = environment.client.workflow.getHandle(run.workflowId);
      await until(async () => (await newest.describe()).runId !== run.firstExecutionRunId);
      await dataflow.move('JOB_STATE_DONE', dataflow.jobs[0]);
      assert.equal(((await newest.result()) as Receipt).outcome, 'succeeded');
    });
  });

  it('is cancelled by a client that knew its first execution only, also where it is continued as the request is under way', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      const { workflowId, firstExecutionRunId: runId } = await start();
      await untilContinued(dataflow, workflowId);
      const run = runOfSlowClient({ workflowId, runId }, () =>
        untilContinued(dataflow, workflowId),
      );
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      await run.cancel();
      await assert.rejects(run.result(), /was cancelled/);
      assert.equal(receipts[0]?.outcome, 'cancelled');
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      // Once more, after its end.
      await runOfSlowClient({ workflowId, runId }, async () => undefined).cancel();
    });
  });

  it('is cancelled, too, where it is reset as the request is under way, and its end awaited', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, calls, receipts }) => {
      const { workflowId, firstExecutionRunId: runId } = await start();
      await until(() => dataflow.jobs.length > 0);
      const run = runOfSlowClient({ workflowId, runId }, async () => {
        await reset(workflowId, runId);
        await until(() => calls.filter((name) => name === 'launchJob').length === 2);
      });
      const rejected = assert.rejects(run.result(), /was cancelled/);
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      await run.cancel();
      await rejected;
      const { run_id } = await run.status();
      assert.notEqual(run_id, runId);
      assert.equal(receipts[0]?.outcome, 'cancelled');
      const beamline = await Beamline.connect({ address: environment.address });
      const listed = async () =>
        (await beamline.list())
          .filter((one) => one.workflow_id === workflowId)
          .map((one) => [one.run_id, one.state]);
      // The list follows the server's events a moment later.
      await until(async () => (await listed())[0]?.[1] === 'cancelled');
      assert.deepEqual(await listed(), [[run_id, 'cancelled']]);
      await beamline.close();
    });
  });

  it('is drained, too, where it is continued as the request is under way', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const { workflowId, firstExecutionRunId: runId } = await start();
      await until(() => dataflow.jobs.length > 0);
      dataflow.last.view.type = 'streaming';
      let requests = 0;
      const run = runOfSlowClient({ workflowId, runId }, async () => {
        requests += 1;
        if (requests === 1) await untilContinued(dataflow, workflowId);
      });
      await run.drain();
      await until(() => dataflow.stops.length > 0);
      assert.deepEqual(dataflow.stops, ['drain job-1']);
      assert.equal(requests, 2);
      await dataflow.move('JOB_STATE_DRAINED');
      await assert.rejects(run.result(), { outcome: 'drained' });
      await assert.rejects(run.drain(), /already completed|not found/);
    });
  });

  for (const deadlineAt of [null, Date.now() + 3_600_000]) {
    const limit = deadlineAt === null ? 'no deadline' : 'a deadline';
    it(`ends its job where it is cancelled before its next execution has begun (${limit})`, async () => {
      await withJobRun(environment, {}, async ({ dataflow, start, receipts, taskQueue }) => {
        const { client } = environment;
        const job = dataflow.add({ jobName: 'orders-job', ordinal: 1, runKey: runKeyOf('first') });
        job.view.state = 'JOB_STATE_RUNNING';
        dataflow.onStop = (stopped) => dataflow.move('JOB_STATE_CANCELLED', stopped);
        const { activities } = createFakeActivities({
          client: client.workflow,
          taskQueue,
          prepared: { dataflow: target },
        });
        const resumed: ResumedRun = {
          prepared: await activities.prepare({ config: 'orders.yaml' }, 'first'),
          startedAt: new Date().toISOString(),
          deadlineAt,
          locks: {},
          versions: { warehouse: 0 },
          notes: [],
          job: {
            uploaded: { planUri: 'gs://b/p', profilesUri: null, inputsUri: null },
            ordinal: 1,
            launches: 1,
            jobId: job.view.jobId,
          },
        };
        const run = await start(undefined, {
          resumed,
          beforeWorker: async (handle) => void (await handle.cancel()),
        });
        assert.ok((await causeOf(run)) instanceof CancelledFailure);
        assert.deepEqual(dataflow.stops, ['cancel job-1']);
        assert.equal(receipts[0]?.outcome, 'cancelled');
      });
    });
  }
});

type Handle = Pick<WorkflowHandle, 'workflowId'> & { runId: string };
