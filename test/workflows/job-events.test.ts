import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import * as fc from 'fast-check';
import type { RunStatus } from '../../src/shared/run/contract.js';
import { failure } from '../../src/shared/failures.js';
import { isTerminal } from '../../src/shared/run/job-end.js';
import { jobStates, type JobState } from '../../src/shared/run/job.js';
import type { Outcome } from '../../src/shared/run/receipt.js';
import { target } from '../support/fake-job.js';
import { causeOf, withJobRun } from '../support/job-run.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

describe('what a run hears of its job', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

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

  it('fails only if a job is not there at several looks', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start, receipts }) => {
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
      const [receipt] = receipts;
      assert.match(
        String(receipt?.notes),
        /job-1 was to be cancelled and is not there: there is no/,
      );
      const soon = target.reconcileAfterMs + 240_000;
      assert.ok(receipt && receipt.duration_ms < soon, String(receipt?.duration_ms));
    });
  });

  it('does not fail if a job is not there at several looks, with good ones between', async () => {
    await withJobRun(environment, {}, async ({ dataflow, start }) => {
      dataflow.onLaunch = (job) => dataflow.move('JOB_STATE_RUNNING', job);
      const activities = dataflow.activities();
      let reads = 0;
      const run = await start({
        ...activities,
        readJob: async (job) => {
          reads += 1;
          if (reads % 3 !== 0) throw failure('JobLost', 'there is no such job');
          if (reads === 9) dataflow.last.view.state = 'JOB_STATE_DONE';
          return activities.readJob(job);
        },
      });
      assert.equal((await run.result()).outcome, 'succeeded');
      assert.equal(reads, 9);
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
