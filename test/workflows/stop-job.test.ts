import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { failure } from '../../src/shared/failures.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { causeOf, untilCancelled, withJobRun } from '../support/job-run.js';
import { startTemporal } from '../support/stack.js';
import { until } from '../support/until.js';

// On a real server: once a run is asked to cancel, it tries no activity again.
describe('ending a job while an activity of its run fails', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
  });
  after(() => environment?.teardown());

  for (const how of ['cancel', 'deadline'] as const) {
    it(`ends the job when a look fails after the ${how}: it is not tried again then`, async () => {
      const prepared = how === 'deadline' ? { timeoutMs: 4_000 } : {};
      await withJobRun(environment, prepared, async ({ dataflow, start, receipts }) => {
        dataflow.onLaunch = (job) => dataflow.send('JOB_STATE_DONE', job);
        dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
        const activities = dataflow.activities();
        let looking = false;
        let isUp = false;
        const run = await start(
          {
            ...activities,
            readJob: async (job) => {
              if (isUp) return activities.readJob(job);
              looking = true;
              await untilCancelled();
              isUp = true;
              throw failure('DataflowUnavailable', '503');
            },
          },
          { beats: true },
        );
        await until(() => looking);
        if (how === 'cancel') await run.cancel();
        await causeOf(run);
        assert.deepEqual(dataflow.stops, ['cancel job-1']);
        assert.equal(receipts[0]?.outcome, how === 'cancel' ? 'cancelled' : 'deadline_exceeded');
        assert.equal(dataflow.last.view.state, 'JOB_STATE_CANCELLED');
      });
    });
  }

  it('finds and ends the job of a launch that fails after the cancellation', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      const activities = dataflow.activities();
      const run = await start(
        {
          ...activities,
          launchJob: async (request) => {
            await activities.launchJob(request);
            await untilCancelled();
            throw failure('DataflowUnavailable', 'the answer is lost');
          },
        },
        { beats: true },
      );
      await until(() => dataflow.jobs.length === 1);
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      assert.equal(receipts[0]?.outcome, 'cancelled');
    });
  });
});
