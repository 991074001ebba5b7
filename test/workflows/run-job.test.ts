import assert from 'node:assert/strict';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import * as fc from 'fast-check';
import type { RunStatus } from '../../src/shared/contract.js';
import { failure } from '../../src/shared/failures.js';
import { isTerminal } from '../../src/shared/job-end.js';
import { jobStates, type JobFailure, type JobState } from '../../src/shared/job.js';
import type { Outcome } from '../../src/shared/receipt.js';
import type { LaunchJob } from '../../src/workflows/activities.js';
import { target } from '../support/fake-job.js';
import { causeOf, until, withJobRun } from '../support/job-run.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';

const failed: JobFailure = {
  cause: 'out_of_memory',
  message: 'a worker ran out of memory',
  retryHelps: true,
  next: 'try a larger machine type',
  evidence: [],
};

describe('runPipeline on Dataflow', function () {
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
      assert.equal(receipt.job?.job_id, 'job-1');
      assert.equal(receipt.job?.state, 'JOB_STATE_DONE');
      assert.deepEqual(
        [receipt.message, receipt.job_id, receipt.job_name],
        ['finished', 'job-1', receipt.job?.job_name],
      );
      assert.deepEqual(receipts, [receipt]);
    });
  });

  it('notices by its own timer that the event of the end was lost', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      dataflow.last.view.state = 'JOB_STATE_DONE';
      const receipt = await run.result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(dataflow.reads.length, 1);
      assert.ok(receipt.duration_ms >= target.reconcileAfterMs, String(receipt.duration_ms));
    });
  });

  it('looks ever more rarely at a job of which nothing is heard', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(() => dataflow.jobs.length === 1);
      await environment.sleep('6 hours');
      // After 15, 45, 105 minutes, and then each hour.
      assert.ok(
        dataflow.reads.length >= 6 && dataflow.reads.length <= 7,
        `${dataflow.reads.length}`,
      );
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).outcome, 'succeeded');
    });
  });

  it('believes no event: a forged end makes it look, and a flood at most once in 30 s', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(() => dataflow.jobs.length === 1);
      dataflow.last.view.state = 'JOB_STATE_RUNNING';
      for (let second = 0; second < 60; second++) {
        await dataflow.send('JOB_STATE_DONE');
        await dataflow.send('JOB_STATE_FAILED');
        await environment.sleep('1 s');
      }
      assert.ok(
        dataflow.reads.length >= 1 && dataflow.reads.length <= 3,
        `${dataflow.reads.length}`,
      );
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).outcome, 'succeeded');
      assert.equal(dataflow.launches, 1);
    });
  });

  it('takes no notice of events of other runs', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onLaunch = async (job) => {
        await dataflow.send('JOB_STATE_DONE', job, { runKey: 'other' });
        await dataflow.move('JOB_STATE_DONE', job);
      };
      await (await start()).result();
      assert.deepEqual(dataflow.reads, ['job-1']);
    });
  });

  it('shows the state that the last event claimed, but no end before it has looked', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      await dataflow.move('JOB_STATE_RUNNING');
      assert.equal((await run.query<RunStatus>('status')).job?.state, 'JOB_STATE_RUNNING');
      await dataflow.send('JOB_STATE_DONE');
      assert.notEqual((await run.query<RunStatus>('status')).job?.state, 'JOB_STATE_DONE');
      await dataflow.move('JOB_STATE_DONE');
      await run.result();
      assert.equal((await run.query<RunStatus>('status')).job?.state, 'JOB_STATE_DONE');
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
      assert.equal((await run.result()).outcome, 'succeeded');
      assert.equal(dataflow.launches, 1);
    });
  });

  it('launches again where the name was taken and nobody has seen a job of it', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      let refused = 0;
      const run = await start({
        ...activities,
        launchJob: async (request) => {
          if (request.mayExist) return activities.launchJob(request);
          refused += 1;
          return { jobId: null, state: null, adopted: true };
        },
      });
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_DONE', job);
      assert.equal((await run.result()).outcome, 'succeeded');
      assert.equal(refused, 1);
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

  it('says of a job that failed why it failed, publishes nothing, and keeps the receipt', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts, calls }) => {
      dataflow.report.failure = { ...failed, cause: 'database_login', retryHelps: false };
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_FAILED', job);
      const error = await causeOf(await start());
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'AuthenticationError');
      assert.match(error.message, /^a worker ran out of memory\nNothing was published\.$/);
      assert.equal(receipts[0]?.job?.failure?.cause, 'database_login');
      assert.ok(!calls.includes('publish'));
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

  it('finds and ends the job of a launch that was cancelled before it answered', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const activities = dataflow.activities();
      const run = await start({
        ...activities,
        launchJob: async (request) => {
          await activities.launchJob(request);
          for (;;) {
            Context.current().heartbeat();
            await Context.current().sleep(200);
          }
        },
      });
      await until(() => dataflow.jobs.length === 1);
      await run.cancel();
      assert.ok((await causeOf(run)) instanceof CancelledFailure);
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
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

  it('cancels the job when the run takes longer than its timeout', async () => {
    await withJobRun(environment, { timeoutMs: 600_000 }, async ({ dataflow, start, receipts }) => {
      const error = await causeOf(await start());
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'DeadlineExceeded');
      assert.deepEqual(dataflow.stops, ['cancel job-1']);
      assert.equal(receipts[0]?.outcome, 'deadline_exceeded');
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

  it('fails only if a job is not there at several looks', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_RUNNING', job);
      let reads = 0;
      const run = await start({
        ...dataflow.activities(),
        readJob: async () => {
          reads += 1;
          throw failure('JobLost', 'there is no such job');
        },
      });
      const error = await causeOf(run);
      assert.equal((error as ApplicationFailure).type, 'JobLost');
      assert.equal(reads, 6); // Three to believe it, and three when it was to be ended.
    });
  });

  it('loses sight of the service for hours, and does not fail', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_DONE', job);
      let left = 100;
      const activities = dataflow.activities();
      const run = await start({
        ...activities,
        readJob: async (job) => {
          if (left-- > 0) throw failure('DataflowUnavailable', '503');
          return activities.readJob(job);
        },
      });
      assert.equal((await run.result()).outcome, 'succeeded');
    });
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

  it('is not troubled by signals of any form', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      const run = await start();
      await until(async () => (await run.query<RunStatus>('status')).job?.job_id === 'job-1');
      const runKey = dataflow.last.view.labels['beamline-run'];
      const whole = { jobId: 'job-1', runKey, ordinal: 1, state: 'JOB_STATE_DONE' };
      await run.signal('jobStateChanged');
      for (const event of [
        null,
        'JOB_STATE_DONE',
        7,
        [],
        {},
        { ...whole, state: 'DONE' },
        { ...whole, jobId: 1 },
        { ...whole, ordinal: '1' },
        { ...whole, runKey: null },
      ]) {
        await run.signal('jobStateChanged', event);
      }
      assert.equal((await run.query<RunStatus>('status')).job?.state, 'JOB_STATE_UNKNOWN');
      assert.deepEqual(dataflow.reads, []);
      await dataflow.move('JOB_STATE_DONE');
      assert.equal((await run.result()).outcome, 'succeeded');
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
      let closed = true;
      const run = await start({
        ...activities,
        launchJob: async (request) => {
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
      assert.equal(calls.filter((name) => name === 'uploadRun').length, 2);
    });
  });

  it('ends as its job did, whatever order of true, false, doubled and lost events it hears', async () => {
    const outcomes: Partial<Record<JobState, Outcome>> = {
      JOB_STATE_DONE: 'succeeded',
      JOB_STATE_FAILED: 'failed',
      JOB_STATE_CANCELLED: 'cancelled_outside',
      JOB_STATE_DRAINED: 'drained',
      JOB_STATE_UPDATED: 'updated',
    };
    const someState = fc.constantFrom(...jobStates);
    await fc.assert(
      fc.asyncProperty(
        fc.array(someState, { maxLength: 6 }),
        fc.constantFrom(...(Object.keys(outcomes) as JobState[])),
        fc.array(someState, { maxLength: 6 }),
        async (before, end, after) => {
          await withJobRun(environment, {}, async ({ dataflow, start, receipts, calls }) => {
            dataflow.onLaunch = async (job) => {
              for (const state of before) await dataflow.send(state, job);
              job.view.state = end;
              for (const state of after) await dataflow.send(state, job);
            };
            const run = await start();
            await run.result().catch(() => undefined);
            assert.equal(receipts[0]?.outcome, outcomes[end]);
            assert.equal(dataflow.launches, 1);
            assert.deepEqual(dataflow.stops, []);
            assert.equal(calls.includes('publish'), end === 'JOB_STATE_DONE');
            assert.ok(dataflow.reads.length <= 2, String(dataflow.reads.length));
            assert.ok(isTerminal(receipts[0]?.job?.state as JobState));
          });
        },
      ),
      { numRuns: 25 },
    );
  });
});
