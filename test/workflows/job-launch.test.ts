import assert from 'node:assert/strict';
import type { JobFailure } from '../../src/shared/run/job.js';
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RunStatus } from '../../src/shared/run/contract.js';
import { failure } from '../../src/shared/failures.js';
import type { LaunchJob } from '../../src/shared/run/launch-job.js';
import { target } from '../support/fake-job.js';
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

describe('the launch of a job', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('launches once, is woken by the event of the end, looks once, and publishes', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
      dataflow.onLaunch = async (job) => {
        for (const state of ['JOB_STATE_RUNNING', 'JOB_STATE_DONE'] as const) {
          await dataflow.move(state, job);
        }
      };
      const receipt = await (await start()).result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.runner, 'dataflow');
      assert.equal(dataflow.launches, 1);
      assert.deepEqual(dataflow.reads, ['job-1']);
      assert.deepEqual(dataflow.reports, ['job-1']);
      assert.equal(receipt.job?.job_id, 'job-1');
      assert.equal(receipt.job?.state, 'JOB_STATE_DONE');
      assert.deepEqual(
        [receipt.message, receipt.job_id, receipt.job_name],
        ['finished', 'job-1', receipt.job?.job_name],
      );
      assert.deepEqual(receipts, [receipt]);
    });
  });

  it('learns the id of an unlisted job from an event that bears its labels', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.hidesJobs = true;
      let lost = true;
      const activities = dataflow.activities();
      const overrides = {
        ...activities,
        launchJob: async (request: LaunchJob) => {
          const launched = await activities.launchJob(request);
          if (!lost) return launched;
          lost = false; // The answer is lost after the launch took effect.
          throw failure('DataflowUnavailable', 'the connection broke');
        },
      };
      const run = await start(overrides);
      await until(() => dataflow.jobs.length === 1);
      await environment.sleep('20 s');
      await dataflow.send('JOB_STATE_QUEUED');
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await dataflow.move('JOB_STATE_DONE');
      const receipt = await run.result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.notes, undefined);
      assert.equal(dataflow.launches, 1);
    });
  });

  it('does not take an id from an event of a job with another name', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.hidesJobs = true;
      const run = await start({
        ...dataflow.activities(),
        launchJob: async (request) => {
          if (dataflow.jobs.length === 0) {
            dataflow.add(request);
            dataflow.add({ ...request, jobName: 'somebody-elses' });
          }
          return { jobId: null, state: null, adopted: false };
        },
      });
      await until(() => dataflow.jobs.length === 2);
      await dataflow.send('JOB_STATE_RUNNING', dataflow.jobs[1], { jobId: 'job-of-nobody' });
      await dataflow.send('JOB_STATE_RUNNING', dataflow.jobs[1]);
      await environment.sleep('5 min');
      assert.equal((await run.query<RunStatus>('status')).job?.job_id, '');
      dataflow.hidesJobs = false;
      await environment.sleep('2 min');
      await dataflow.move('JOB_STATE_DONE', dataflow.jobs[0]);
      const receipt = await run.result();
      assert.equal(receipt.job?.job_id, 'job-1');
    });
  });

  it('launches again under the next ordinal if that can help, as often as it may', async () => {
    const launch = { ...target.launch, attempts: 3 };
    await withJobRun(
      environment,
      { dataflow: { ...target, launch } },
      async ({ dataflow, start }) => {
        dataflow.report.failure = failed;
        dataflow.onLaunch = (job) =>
          dataflow.move(dataflow.launches < 3 ? 'JOB_STATE_FAILED' : 'JOB_STATE_DONE', job);
        const receipt = await (await start()).result();
        assert.equal(receipt.outcome, 'succeeded');
        assert.deepEqual(
          dataflow.jobs.map(({ view }) => view.jobName.split('-').at(-1)),
          ['1', '2', '3'],
        );
        assert.equal(receipt.job?.launch, 3);
        assert.equal(receipt.attempts, 3);
        assert.deepEqual(dataflow.reports, ['failed job-1', 'failed job-2', 'job-3']);
        // It paused for half a minute, and then for a whole one.
        assert.ok(receipt.duration_ms >= 90_000, String(receipt.duration_ms));
      },
    );
  });

  it('does not launch again what another attempt cannot help', async () => {
    const launch = { ...target.launch, attempts: 3 };
    await withJobRun(
      environment,
      { dataflow: { ...target, launch } },
      async ({ dataflow, start }) => {
        dataflow.report.failure = { ...failed, retryHelps: false };
        dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_FAILED', job);
        await causeOf(await start());
        assert.equal(dataflow.launches, 1);
      },
    );
  });

  it('does not wait for an event of a job that its launch found ended', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onLaunch = ({ view }) => {
        view.state = 'JOB_STATE_DONE';
      };
      const receipt = await (await start()).result();
      assert.ok(receipt.duration_ms < target.reconcileAfterMs, String(receipt.duration_ms));
    });
  });

  it('does not wait for a second event where the first one told both the id and the end', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.hidesJobs = true;
      const run = await start({
        ...dataflow.activities(),
        launchJob: async (request) => {
          if (dataflow.jobs.length === 0) dataflow.add(request);
          return { jobId: null, state: null, adopted: false };
        },
      });
      await until(() => dataflow.jobs.length === 1);
      await dataflow.move('JOB_STATE_DONE');
      const receipt = await run.result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.ok(receipt.duration_ms < 120_000, String(receipt.duration_ms));
    });
  });

  it('stops no job that only an event calls its own', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.hidesJobs = true;
      const run = await start({
        ...dataflow.activities(),
        launchJob: async (request) => {
          const forged = dataflow.add(request);
          forged.view.labels = {};
          dataflow.add(request);
          await dataflow.send('JOB_STATE_RUNNING', forged, { runKey: request.runKey });
          await dataflow.send('JOB_STATE_RUNNING', dataflow.last);
          for (;;) {
            Context.current().heartbeat();
            await Context.current().sleep(200);
          }
        },
      });
      await until(() => dataflow.jobs.length === 2);
      await run.cancel();
      await causeOf(run);
      assert.deepEqual(dataflow.stops, ['cancel job-2']);
    });
  });

  it('skips the launches of a reset run that are of no use, and uploads again if it must', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, calls }) => {
      const activities = dataflow.activities();
      const ordinals: number[] = [];
      let closed = true;
      const run = await start({
        ...activities,
        launchJob: async (request) => {
          ordinals.push(request.ordinal);
          const nothing = { jobId: null, state: null, adopted: false } as const;
          if (closed) {
            closed = false;
            return { ...nothing, instead: 'upload again' };
          }
          if (request.ordinal < 3) return { ...nothing, instead: 'skip' };
          return activities.launchJob(request);
        },
      });
      await until(() => dataflow.jobs.length === 1);
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).job?.launch, 3);
      assert.deepEqual(ordinals, [1, 1, 2, 3]);
      assert.equal(calls.filter((name) => name === 'uploadRun').length, 2);
    });
  });
});
