import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Beamline } from '../../src/client/index.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { runKeyOf } from '../../src/store/run-key.js';
import { createFakeActivities } from '../support/fake-activities.js';
import { FakeDataflow, target } from '../support/fake-job.js';
import { startTemporal } from '../support/stack.js';
import { workflowBundle } from '../support/workflow-bundle.js';

describe('a run of which many events are heard', function () {
  this.timeout(60_000);
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

  it('is continued as new while it waits, and stays the same run with the same job and lock', async () => {
    const { client, nativeConnection } = environment;
    const taskQueue = 'long-run';
    const workflowId = 'long-run-1';
    const dataflow = new FakeDataflow(workflowId, client.workflow);
    const { activities, calls, receipts } = createFakeActivities({
      client: client.workflow,
      taskQueue,
      prepared: { dataflow: target },
      overrides: dataflow.activities(),
    });
    const code = await workflowBundle();
    const worker = await Worker.create({
      connection: nativeConnection,
      activities,
      taskQueue,
      ...code,
    });
    await worker.runUntil(async () => {
      const first = await client.workflow.start('runPipeline', {
        taskQueue,
        workflowId,
        args: [{ config: 'orders.yaml', runner: 'dataflow' }],
      });
      const beamline = await Beamline.connect({ address: environment.address, taskQueue });
      const run = await beamline.get(workflowId);
      const firstExecution = client.workflow.getHandle(workflowId, first.firstExecutionRunId);
      while (dataflow.jobs.length === 0) await environment.sleep(50);
      for (let event = 0; event < 60; event++) await dataflow.send('JOB_STATE_RUNNING');
      while ((await firstExecution.describe()).status.name !== 'CONTINUED_AS_NEW')
        await environment.sleep(50);
      const snapshot = await run.status();
      assert.notEqual(snapshot.run_id, first.firstExecutionRunId);
      assert.equal(snapshot.state, 'running');
      assert.deepEqual(
        (await beamline.list()).map(({ run_key }) => run_key),
        [run.key],
      );
      await dataflow.move('JOB_STATE_DONE');
      const receipt = await run.receipt();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.run_key, runKeyOf(first.firstExecutionRunId));
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
      const lock = client.workflow.getHandle('beamline.lock.t');
      await lock.result();
      await beamline.close();
    });
  });

  it('can be cancelled by a client that knew its first execution only', async () => {
    const { client, nativeConnection } = environment;
    const taskQueue = 'long-run-cancelled';
    const workflowId = 'long-run-2';
    const dataflow = new FakeDataflow(workflowId, client.workflow);
    const { activities, receipts } = createFakeActivities({
      client: client.workflow,
      taskQueue,
      prepared: { dataflow: target },
      overrides: dataflow.activities(),
    });
    const code = await workflowBundle();
    const worker = await Worker.create({
      connection: nativeConnection,
      activities,
      taskQueue,
      ...code,
    });
    await worker.runUntil(async () => {
      const beamline = await Beamline.connect({ address: environment.address, taskQueue });
      const first = await client.workflow.start('runPipeline', {
        taskQueue,
        workflowId,
        args: [{ config: 'orders.yaml', runner: 'dataflow' }],
      });
      const run = await beamline.get(workflowId);
      const firstExecution = client.workflow.getHandle(workflowId, first.firstExecutionRunId);
      while (dataflow.jobs.length === 0) await environment.sleep(50);
      for (let event = 0; event < 60; event++) await dataflow.send('JOB_STATE_RUNNING');
      while ((await firstExecution.describe()).status.name !== 'CONTINUED_AS_NEW')
        await environment.sleep(50);
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      await run.cancel();
      await assert.rejects(run.result(), /was cancelled/);
      assert.equal(receipts[0]?.outcome, 'cancelled');
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      await beamline.close();
    });
  });
});
