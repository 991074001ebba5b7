import assert from 'node:assert/strict';
import { Context } from '@temporalio/activity';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { failure } from '../../src/shared/failures.js';
import type { RunStatus } from '../../src/shared/run/contract.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import {
  createFakeActivities,
  failing,
  preparedSink,
  type FakeActivities,
  type FakeOptions,
} from '../support/fake-activities.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { until } from '../support/until.js';

const staged = async () => ({ manifestUri: '/m', manifestSha256: 'b'.repeat(64), attempt: 1 });

describe('runPipeline', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let code: Awaited<ReturnType<typeof workflowBundle>>;
  let count = 0;

  before(async () => {
    code = await workflowBundle();
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('prepares, takes the lock, runs, audits, publishes, keeps the receipt, in this order', async () => {
    const { fakes, receipt } = await succeed({});
    assert.deepEqual(fakes.calls, [
      'prepare',
      'requestLock',
      'inspectDestinations',
      'runBeam',
      'audit',
      'publish',
      'finish',
    ]);
    assert.deepEqual(fakes.receipts, [receipt]);
    assert.equal(receipt.outcome, 'succeeded');
    assert.equal(receipt.sinks[0]?.state, 'published');
  });

  it('retries what another attempt can help', async () => {
    const { receipt, fakes } = await succeed({
      overrides: { runBeam: failing('ConnectionLost', 3, staged) },
    });
    assert.equal(receipt.outcome, 'succeeded');
    assert.equal(fakes.calls.filter((name) => name === 'runBeam').length, 4);
  });

  it('fails at once, publishing nothing, where another attempt cannot help', async () => {
    const { failure, fakes } = await fail({
      overrides: { runBeam: failing('SqlError', 1, staged) },
    });
    assert.equal(failure.type, 'SqlError');
    assert.equal(failure.message, 'SqlError of the test\nNothing was published.');
    assert.equal(fakes.calls.filter((name) => name === 'runBeam').length, 1);
    assert.ok(!fakes.calls.includes('publish'));
    assert.ok(!fakes.calls.includes('fence'));
    assert.equal(fakes.receipts[0]?.outcome, 'failed');
    assert.equal(fakes.receipts[0]?.failure?.type, 'SqlError');
  });

  it('gives up after a bounded number of attempts', async () => {
    const { failure } = await fail({
      overrides: { runBeam: failing('ConnectionLost', 99, staged) },
    });
    assert.equal(failure.type, 'ConnectionLost');
  });

  it('fences a publish that it did not hear of', async () => {
    const { fakes, failure } = await fail({
      overrides: {
        publish: failing('DataError', 1, async () => ({ version: 1, rows: 7, bytes: 1 })),
        fence: async () => ({ version: 1, rows: 7, bytes: 1 }),
      },
    });
    assert.deepEqual(fakes.calls.slice(-2), ['fence', 'finish']);
    assert.equal(fakes.receipts[0]?.sinks[0]?.state, 'published');
    assert.match(failure.message, /Published: warehouse\.$/);
  });

  it('publishes on the newer version when a late commit took the one it knew', async () => {
    let version = 0;
    const { receipt } = await succeed({
      overrides: {
        inspectDestinations: async () => ({ warehouse: version++ * 5 }),
        publish: failing('VersionTaken', 1, async (_run, _staged, { baseVersion }) => ({
          version: baseVersion + 1,
          rows: 7,
          bytes: 1,
        })),
      },
    });
    assert.equal(receipt.sinks[0]?.version, 6);
  });

  it('gives up a destination whose version is taken again and again', async () => {
    const { failure, fakes } = await fail({
      overrides: { publish: failing('VersionTaken', 100, async () => assert.fail('published')) },
    });
    assert.equal(failure.type, 'VersionTaken');
    assert.equal(fakes.calls.filter((name) => name === 'publish').length, 3);
    assert.equal(fakes.calls.filter((name) => name === 'fence').length, 1);
  });

  it('names the store when none of its workers comes in time', async () => {
    const { failure } = await fail({
      prepared: {
        store: { id: 'k3', host: 'alpha', root: '/data/store', taskQueue: 'nobody', waitMs: 500 },
      },
    });
    assert.equal(failure.type, 'StoreUnavailable');
    assert.match(failure.message, /no worker serves the store k3 \(\/data\/store on alpha\)/);
    assert.match(failure.message, /Nothing was published\.$/);
  });

  it('leaves the destination alone when the result is empty and `on_empty` is `keep`', async () => {
    const { receipt, fakes } = await succeed({
      rows: 0,
      prepared: { sinks: [{ ...preparedSink, onEmpty: 'keep' }] },
    });
    assert.equal(receipt.sinks[0]?.state, 'kept');
    assert.ok(!fakes.calls.includes('publish'));
  });

  it('fails before it publishes anything when a result is empty and `on_empty` is `fail`', async () => {
    const other = {
      ...preparedSink,
      name: 'lake',
      destination: 'files:s:/lake',
      lockId: 'lock.lake',
    };
    const { failure, fakes } = await fail({
      rows: 0,
      prepared: { sinks: [other, { ...preparedSink, onEmpty: 'fail' }] },
    });
    assert.equal(failure.type, 'AuditFailed');
    assert.ok(!fakes.calls.includes('publish'));
  });

  it('answers the query `status`', async () => {
    await withWorker({}, async (_fakes, start) => {
      const run = await start();
      await run.result();
      const status = await run.query<RunStatus>('status');
      assert.equal(status.state, 'succeeded');
      assert.equal(status.pipeline, 'orders');
      assert.deepEqual(status.sinks, [
        {
          name: 'warehouse',
          module: 'duckdb',
          destination: preparedSink.destination,
          location: preparedSink.location,
          state: 'published',
          rows: 7,
        },
      ]);
    });
  });

  it('cancels while it waits for a lock, and leaves no claim on it', async () => {
    const { promise: blocked, resolve: release } = promiseWithResolvers();
    await withWorker(
      {
        overrides: {
          runBeam: async () => {
            const beating = setInterval(() => Context.current().heartbeat(), 500);
            await blocked.finally(() => clearInterval(beating));
            return staged();
          },
        },
      },
      async (fakes, start) => {
        const first = await start();
        await until(() => fakes.calls.includes('runBeam'));
        const second = await start();
        await until(async () => (await second.query<RunStatus>('status')).waiting_for.length > 0);
        await second.cancel();
        assert.ok((await causeOf(second)) instanceof CancelledFailure);
        release();
        assert.equal((await first.result()).outcome, 'succeeded');
        const third = await start();
        assert.equal((await third.result()).outcome, 'succeeded');
      },
    );
  });

  it('closes as cancelled if the worker that prepares it is lost meanwhile', async () => {
    const gate = promiseWithResolvers();
    let isPreparing = false;
    const prepare = async (): Promise<never> => {
      isPreparing = true;
      await gate.promise;
      throw failure('RunEnded', 'lost'); // Of a type that is not retried.
    };
    await withWorker({ overrides: { prepare } }, async (_fakes, start) => {
      const run = await start();
      await until(() => isPreparing);
      await run.cancel();
      await until(async () =>
        ((await run.fetchHistory()).events ?? []).some(
          (event) => event.activityTaskCancelRequestedEventAttributes,
        ),
      );
      gate.resolve();
      assert.ok((await causeOf(run)) instanceof CancelledFailure);
    });
  });

  it('gives a lock on when its holder was terminated', async () => {
    let runs = 0;
    await withWorker(
      {
        overrides: {
          runBeam: async () => {
            if (++runs > 1) return staged();
            for (;;) {
              Context.current().heartbeat();
              await Context.current().sleep(500);
            }
          },
        },
      },
      async (fakes, start) => {
        const first = await start();
        await until(() => fakes.calls.includes('runBeam'));
        const second = await start();
        await until(async () => (await second.query<RunStatus>('status')).waiting_for.length > 0);
        await first.terminate();
        assert.equal((await second.result()).outcome, 'succeeded');
      },
    );
  });

  async function succeed(options: Options): Promise<{ fakes: FakeActivities; receipt: Receipt }> {
    return withWorker(options, async (fakes, start) => {
      const receipt = await (await start()).result();
      return { fakes, receipt };
    });
  }

  async function fail(
    options: Options,
  ): Promise<{ fakes: FakeActivities; failure: ApplicationFailure }> {
    return withWorker(options, async (fakes, start) => {
      const failure = await causeOf(await start());
      assert.ok(failure instanceof ApplicationFailure, String(failure));
      return { fakes, failure };
    });
  }

  type Start = () => Promise<WorkflowHandle<(input: object) => Promise<Receipt>>>;
  type Options = Omit<FakeOptions, 'client' | 'taskQueue'>;

  async function withWorker<T>(
    options: Options,
    body: (fakes: FakeActivities, start: Start) => Promise<T>,
  ): Promise<T> {
    const taskQueue = `workflows-${++count}`;
    const { client, nativeConnection } = environment;
    const fakes = createFakeActivities({ client: client.workflow, taskQueue, ...options });
    const worker = await Worker.create({
      connection: nativeConnection,
      activities: fakes.activities,
      taskQueue,
      ...code,
    });
    const start: Start = () =>
      client.workflow.start('runPipeline', {
        taskQueue,
        workflowId: `run-${count}-${Math.random().toString(36).slice(2)}`,
        args: [{ config: 'orders.yaml' }],
      });
    return worker.runUntil(() => body(fakes, start));
  }
});

async function causeOf(run: WorkflowHandle): Promise<unknown> {
  try {
    await run.result();
  } catch (error) {
    assert.ok(error instanceof WorkflowFailedError, String(error));
    return error.cause;
  }
  return assert.fail('the run succeeded');
}

function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let settle: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle?.() };
}
