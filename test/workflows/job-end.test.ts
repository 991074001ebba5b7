import assert from 'node:assert/strict';
import type { JobFailure } from '../../src/shared/run/job.js';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RunStatus } from '../../src/shared/run/contract.js';
import { failure } from '../../src/shared/failures.js';
import { causeOf, withJobRun } from '../support/job-run.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

const failed: JobFailure = {
  cause: 'out_of_memory',
  message: 'a worker ran out of memory',
  retryHelps: true,
  next: 'try a larger machine type',
  evidence: [],
};

describe('the end of a job', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('says of a job that failed why it failed, publishes nothing, and keeps the receipt', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts, calls }) => {
      dataflow.report.failure = { ...failed, cause: 'database_login', retryHelps: false };
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_FAILED', job);
      const error = await causeOf(await start());
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'AuthenticationError');
      assert.match(error.message, /^a worker ran out of memory\nNothing was published\.$/);
      assert.equal(receipts[0]?.job?.failure?.cause, 'database_login');
      assert.deepEqual(dataflow.reports, ['failed job-1']);
      assert.ok(!calls.includes('publish'));
    });
  });

  it('cancels the job of a cancelled run, waits for its end, and closes as cancelled', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      dataflow.onStop = async (job) => {
        job.view.state = 'JOB_STATE_CANCELLING';
      };
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      await until(() => dataflow.stops.length === 1);
      assert.equal((await run.describe()).status.name, 'RUNNING');
      await dataflow.move('JOB_STATE_CANCELLED');
      assert.ok((await causeOf(run)) instanceof CancelledFailure);
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      assert.equal(receipts[0]?.outcome, 'cancelled');
      assert.equal(receipts[0]?.job?.state, 'JOB_STATE_CANCELLED');
      assert.deepEqual(dataflow.reports, ['job-1']);
    });
  });

  it('ends by the signal `cancelJob` as by a cancellation', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.signal('cancelJob');
      assert.ok((await causeOf(run)) instanceof CancelledFailure);
      assert.equal(receipts[0]?.outcome, 'cancelled');
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
    });
  });

  it('publishes nothing of a job that was done before the cancellation reached it', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts, calls }) => {
      dataflow.onStop = (job) => {
        job.view.state = 'JOB_STATE_DONE';
      };
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      assert.ok((await causeOf(run)) instanceof CancelledFailure);
      assert.ok(!calls.includes('publish'));
      assert.equal(receipts[0]?.outcome, 'cancelled');
    });
  });

  it('cancels by force a job that stays in CANCELLING, and says so', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      dataflow.onStop = (job, how) => {
        job.view.state = how === 'force' ? 'JOB_STATE_CANCELLED' : 'JOB_STATE_CANCELLING';
      };
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-1', 'force job-1']);
      assert.equal(receipts[0]?.job?.force_cancelled, true);
      assert.ok(receipts[0]?.notes?.some((note) => note.includes('by force')));
    });
  });

  it('refuses to drain a batch job, and goes on', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.signal('drainJob');
      await until(() => dataflow.reads.length === 1);
      await dataflow.move('JOB_STATE_DONE');
      const receipt = await run.result();
      assert.deepEqual(dataflow.stops, []);
      assert.match(String(receipt.notes), /drain was refused/);
      // It asked once what kind of job it is, and once how it ended.
      assert.deepEqual(dataflow.reads, ['job-1', 'job-1']);
    });
  });

  it('follows the job that replaced it if that is ours, and ends as updated if not', async () => {
    for (const isOurs of [true, false]) {
      await withJobRun(environment, {}, async ({ dataflow, start }) => {
        dataflow.onLaunch = async (job, request) => {
          const next = dataflow.add(request);
          if (!isOurs) next.view.labels = {};
          next.view.state = 'JOB_STATE_DONE';
          job.view.replacedByJobId = next.view.jobId;
          await dataflow.move('JOB_STATE_UPDATED', job);
        };
        const run = await start();
        if (isOurs) {
          assert.equal((await run.result()).job?.job_id, 'job-2');
          assert.deepEqual(dataflow.reads, ['job-1', 'job-2']);
        } else {
          const error = await causeOf(run);
          assert.equal((error as ApplicationFailure).type, 'Updated');
        }
      });
    }
  });

  it('ends a second job of its own, which a launch that slept has made', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const { runKey, jobName } = {
        runKey: dataflow.last.view.labels['beamline-run'] ?? '',
        jobName: dataflow.last.view.jobName,
      };
      const second = dataflow.add({ runKey, jobName, ordinal: 1 });
      await dataflow.move('JOB_STATE_RUNNING', second);
      await until(() => dataflow.stops.length === 1);
      assert.deepEqual(dataflow.stops, ['cancel job-2']);
      await dataflow.move('JOB_STATE_DONE', dataflow.jobs[0]);
      assert.equal((await run.result()).job?.job_id, 'job-1');
    });
  });

  it('ends no job that has replaced its own, whichever event it hears first', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const { view, ordinal } = dataflow.last;
      const runKey = view.labels['beamline-run'] ?? '';
      const next = dataflow.add({ runKey, jobName: view.jobName, ordinal });
      Object.assign(view, { state: 'JOB_STATE_UPDATED', replacedByJobId: next.view.jobId });
      await dataflow.move('JOB_STATE_RUNNING', next);
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-2');
      await dataflow.move('JOB_STATE_DONE', next);
      assert.equal((await run.result()).job?.job_id, 'job-2');
      assert.deepEqual(dataflow.stops, []);
    });
  });

  it('ends no second job that has ended, is of another run, or is not there', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const [first] = dataflow.jobs;
      const { jobName, labels } = dataflow.last.view;
      const runKey = labels['beamline-run'] ?? '';
      const other = dataflow.add({ runKey: 'another', jobName, ordinal: 1 });
      const elsewhere = dataflow.add({ runKey, jobName, ordinal: 1 });
      elsewhere.view.labels['beamline-deployment'] = 'another';
      const ended = dataflow.add({ runKey, jobName, ordinal: 1 });
      ended.view.state = 'JOB_STATE_DONE';
      for (const job of [other, elsewhere, ended]) {
        await dataflow.send('JOB_STATE_RUNNING', job, { runKey });
        await until(() => dataflow.reads.includes(job.view.jobId));
      }
      await dataflow.send('JOB_STATE_RUNNING', first, { jobId: 'job-of-nobody' });
      await until(() => dataflow.reads.includes('job-of-nobody'));
      await dataflow.move('JOB_STATE_DONE', first);
      assert.equal((await run.result()).job?.job_id, 'job-1');
      assert.deepEqual(dataflow.stops, []);
    });
  });

  it('ends the job when the run fails beside it, and says so if it cannot', async () => {
    for (const canStop of [true, false]) {
      await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
        dataflow.onLaunch = (job) => dataflow.send('JOB_STATE_DONE', job);
        const activities = dataflow.activities();
        let broken = true;
        const run = await start({
          ...activities,
          readJob: async (job) => {
            if (!broken) return activities.readJob(job);
            broken = false;
            throw failure('ConfigError', 'of the test');
          },
          stopJob: async (job, how) => {
            if (!canStop) throw failure('ConfigError', 'may not');
            return activities.stopJob(job, how);
          },
        });
        await causeOf(run);
        assert.equal(receipts[0]?.outcome, 'failed');
        assert.deepEqual(dataflow.stops, canStop ? ['cancel job-1'] : []);
        assert.equal(/may still run: may not/.test(String(receipts[0]?.notes)), !canStop);
      });
    }
  });

  it('cancels a job that is not there yet when it is asked to', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      const activities = dataflow.activities();
      let missing = 2;
      const run = await start({
        ...activities,
        stopJob: async (job, how) => {
          if (missing-- > 0) throw failure('JobLost', 'there is no such job');
          return activities.stopJob(job, how);
        },
      });
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      assert.equal(receipts[0]?.outcome, 'cancelled');
    });
  });
});
