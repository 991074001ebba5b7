import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RunStatus } from '../../src/shared/run/contract.js';
import { failure } from '../../src/shared/failures.js';
import { causeOf, withJobRun } from '../support/job-run.js';
import { timedActivities } from '../support/timed-activities.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

const hour = 3_600_000;
const looksAt = (...minutes: number[]) => minutes.map((minute) => `${minute} readJob`);

describe('when a run looks at its job', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('looks ever more rarely at one of which nothing is heard, and at least once in an hour', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const { activities, times } = timedActivities(environment, dataflow.activities());
      const run = await start(activities);
      await until(() => dataflow.jobs.length === 1);
      await environment.sleep('4 hours');
      assert.deepEqual(times(60, 'launchJob', 'readJob'), [
        '0 launchJob',
        ...looksAt(15, 45, 105, 165, 225),
      ]);
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).outcome, 'succeeded');
    });
  });

  it('looks again a minute after an end that the job did not bear out, and then more rarely', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const { activities, times } = timedActivities(environment, dataflow.activities());
      dataflow.onLaunch = async (job) => {
        await dataflow.send('JOB_STATE_DONE', job);
        job.view.state = 'JOB_STATE_RUNNING';
      };
      const run = await start(activities);
      await until(() => dataflow.reads.length === 1);
      await environment.sleep('10 min');
      assert.deepEqual(
        times(60, 'readJob'),
        [0, 1, 3, 7].map((minute) => `${minute} readJob`),
      );
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).outcome, 'succeeded');
    });
  });

  it('asks by force when it is time, once, and looks on until the job has ended', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onStop = ({ view }) => {
        view.state = 'JOB_STATE_CANCELLING';
      };
      const { activities, times } = timedActivities(environment, dataflow.activities());
      const run = await start(activities);
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      await until(() => dataflow.stops.length === 1);
      await environment.sleep('48 min');
      assert.deepEqual(times(60, 'stopJob', 'readJob'), [
        '0 stopJob',
        ...looksAt(1, 3, 7, 12, 17, 22, 27, 30),
        '30 stopJob',
        ...looksAt(35, 40, 45),
      ]);
      assert.deepEqual(dataflow.stops, ['cancel job-1', 'force job-1']);
      await dataflow.move('JOB_STATE_CANCELLED');
      await causeOf(run);
    });
  });

  it('goes on with the job that replaced its own, once that is there, and hears of its end', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      let isThere = false;
      const run = await start({
        ...activities,
        readJob: async (job) => {
          if (job.jobId !== 'job-2' || isThere) return activities.readJob(job);
          isThere = true;
          throw failure('JobLost', 'there is no such job');
        },
      });
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const { view, ordinal } = dataflow.last;
      const runKey = view.labels['beamline-run'] ?? '';
      const next = dataflow.add({ runKey, jobName: 'its-successor', ordinal });
      next.view.state = 'JOB_STATE_RUNNING';
      view.replacedByJobId = next.view.jobId;
      await dataflow.move('JOB_STATE_UPDATED', dataflow.jobs[0]);
      await environment.sleep('4.5 hours'); // Between two looks by the timer, half an hour from each.
      const { job } = await run.query<RunStatus>('status');
      assert.deepEqual(
        [job?.job_id, job?.job_name, job?.state],
        ['job-2', 'its-successor', 'JOB_STATE_RUNNING'],
      );
      const [first, second, ...others] = dataflow.reads;
      assert.deepEqual([first, second, [...new Set(others)]], ['job-1', 'job-1', ['job-2']]);
      await dataflow.move('JOB_STATE_DONE', next);
      const receipt = await run.result();
      assert.ok(receipt.duration_ms < 4.6 * hour, String(receipt.duration_ms));
    });
  });

  it('ends the job that replaces its own while that is ended', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onStop = async (job) => {
        if (job.view.jobId === 'job-2') return dataflow.move('JOB_STATE_CANCELLED', job);
        const runKey = job.view.labels['beamline-run'] ?? '';
        const next = dataflow.add({ runKey, jobName: job.view.jobName, ordinal: 1 });
        job.view.replacedByJobId = next.view.jobId;
        await dataflow.move('JOB_STATE_UPDATED', job);
      };
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-1', 'cancel job-2']);
    });
  });

  it('fails where it may not end a second job of its own', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      const run = await start({
        ...activities,
        stopJob: async (job, how) => {
          if (job.jobId === 'job-2') throw failure('ConfigError', 'may not');
          return activities.stopJob(job, how);
        },
      });
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const { view, ordinal } = dataflow.last;
      const runKey = view.labels['beamline-run'] ?? '';
      const second = dataflow.add({ runKey, jobName: view.jobName, ordinal });
      await dataflow.move('JOB_STATE_RUNNING', second);
      assert.equal(((await causeOf(run)) as ApplicationFailure).type, 'ConfigError');
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
    });
  });

  it('drains a streaming job, and waits for its end', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_DRAINED', job);
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      dataflow.last.view.type = 'streaming';
      await run.signal('drainJob');
      assert.equal(((await causeOf(run)) as ApplicationFailure).type, 'Drained');
      assert.deepEqual(dataflow.stops, ['drain job-1']);
    });
  });

  it('fails as its job did where the job cannot be reported on', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_FAILED', job);
      const run = await start({
        ...dataflow.activities(),
        reportJob: async () => {
          throw failure('ConfigError', 'no report');
        },
      });
      assert.equal(((await causeOf(run)) as ApplicationFailure).type, 'JobFailed');
      assert.equal(receipts[0]?.outcome, 'failed');
    });
  });

  it('fails where what its job has staged is not found', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, calls }) => {
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_DONE', job);
      const run = await start({
        ...dataflow.activities(),
        findStaged: async () => {
          throw failure('AuditFailed', 'no manifest');
        },
      });
      assert.equal(((await causeOf(run)) as ApplicationFailure).type, 'AuditFailed');
      assert.ok(!calls.includes('audit'));
    });
  });

  for (const type of ['JobLost', 'ConfigError'] as const) {
    it(`${type === 'JobLost' ? 'goes on' : 'fails'} where a drain ends with ${type}`, async () => {
      await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
        const activities = dataflow.activities();
        let isFirst = true;
        const run = await start({
          ...activities,
          readJob: async (job) => {
            if (!isFirst) return activities.readJob(job);
            isFirst = false;
            throw failure(type, 'of the test');
          },
        });
        await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
        await run.signal('drainJob');
        await until(() => !isFirst);
        if (type === 'JobLost') await dataflow.move('JOB_STATE_DONE');
        await run.result().catch(() => undefined);
        assert.equal(receipts[0]?.failure?.type, type === 'JobLost' ? undefined : type);
        assert.equal(
          /drain was not asked for/.test(String(receipts[0]?.notes)),
          type === 'JobLost',
        );
      });
    });
  }
});
