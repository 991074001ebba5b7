import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { failure } from '../../src/shared/failures.js';
import type { LaunchJob } from '../../src/shared/run/launch-job.js';
import { causeOf, withJobRun, type JobRun } from '../support/job-run.js';
import { timedActivities } from '../support/timed-activities.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

describe('a launch that makes no job, or does not say which', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  /** The activities of a run whose launch fails, after `before` is done, and cannot be tried again. */
  function failingLaunch(
    { dataflow }: JobRun,
    type: 'DataflowUnavailable' | 'LaunchRefused',
    before: (request: LaunchJob) => unknown = () => undefined,
  ) {
    return timedActivities(environment, {
      ...dataflow.activities(),
      launchJob: async (request) => {
        await before(request);
        throw failure(type, 'of the test', {}, false);
      },
    });
  }

  it('looks for the job for a minute after a launch without an answer, and ends none', async () => {
    await withJobRun(environment, {}, async (test) => {
      const { activities, times } = failingLaunch(test, 'DataflowUnavailable');
      const error = await causeOf(await test.start(activities));
      assert.equal((error as ApplicationFailure).type, 'DataflowUnavailable');
      // At once, and after 5, 20 and 60 s.
      assert.deepEqual(times(20, 'launchJob', 'findJob'), [
        '0 launchJob',
        '0 findJob',
        '0 findJob',
        '1 findJob',
        '3 findJob',
      ]);
      assert.deepEqual(test.dataflow.stops, []);
    });
  });

  it('ends the job that it finds then, and says which it was', async () => {
    await withJobRun(environment, {}, async (test) => {
      const { dataflow, receipts } = test;
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      const { activities, times } = failingLaunch(test, 'DataflowUnavailable', (request) =>
        dataflow.add(request),
      );
      await causeOf(await test.start(activities));
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      assert.equal(receipts[0]?.job?.job_id, 'job-1');
      // The event of its end was heard.
      assert.deepEqual(times(30, 'stopJob', 'readJob'), ['0 stopJob', '0 readJob']);
    });
  });

  it('ends at once the job of which an event tells then', async () => {
    await withJobRun(environment, {}, async (test) => {
      const { dataflow } = test;
      dataflow.hidesJobs = true;
      const { activities, times } = failingLaunch(test, 'DataflowUnavailable', (request) =>
        dataflow.add(request),
      );
      const run = await test.start(activities);
      await until(() => times(1, 'findJob').length > 0);
      await environment.sleep('25 s');
      await dataflow.send('JOB_STATE_RUNNING');
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      // Not only when the pause was over, at 60 s.
      assert.equal(times(30, 'launchJob', 'stopJob').at(-1), '1 stopJob');
    });
  });

  it('looks for no job where the launch was refused', async () => {
    await withJobRun(environment, {}, async (test) => {
      const { activities } = failingLaunch(test, 'LaunchRefused');
      const error = await causeOf(await test.start(activities));
      assert.equal((error as ApplicationFailure).type, 'LaunchRefused');
      assert.ok(!test.calls.includes('findJob'));
    });
  });

  it('launches again where the name was taken and nobody has seen a job of it', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      const launches: boolean[] = [];
      const timed = timedActivities(environment, {
        ...activities,
        launchJob: async (request) => {
          launches.push(request.mayExist);
          if (launches.length === 3) return activities.launchJob(request);
          return { jobId: null, state: null, adopted: true };
        },
      });
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_DONE', job);
      const receipt = await (await start(timed.activities)).result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.deepEqual(receipt.notes, [
        `the name ${receipt.job_name} was taken for a while by a job that is not listed`,
      ]);
      assert.deepEqual(launches, [false, true, true]);
      assert.deepEqual(timed.times(10, 'launchJob', 'findJob'), [
        '0 launchJob',
        '1 findJob',
        '3 findJob',
        '7 findJob',
        '7 launchJob',
        '13 findJob',
        '13 launchJob',
      ]);
    });
  });

  it('gives up where so many launches of a reset run are of no use', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      let launches = 0;
      const run = await start({
        ...dataflow.activities(),
        launchJob: async () => {
          launches += 1;
          return { jobId: null, state: null, adopted: false, instead: 'skip' };
        },
      });
      await causeOf(run);
      assert.equal(launches, 50);
      assert.match(String(receipts[0]?.failure?.message), /^50 launches of this run are of no use/);
    });
  });
});
