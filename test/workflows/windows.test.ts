import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import type { RunReference, UnfinishedRun } from '../../src/workflows/contract/activities.js';
import { failure } from '../../src/shared/failures.js';
import {
  createFakeActivities,
  preparedSink,
  type FakeActivities,
  type FakeOptions,
} from '../support/fake-activities.js';
import { windows } from '../support/run-windows.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const lake = {
  ...preparedSink,
  name: 'lake',
  destination: 'files:s:/lake',
  lockId: 'beamline.lock.lake',
  windowed: true,
} as const;
const warehouse = { ...preparedSink, windowed: true } as const;
const earlier: UnfinishedRun = {
  runKey: 'earlierrun',
  planSha256: 'e'.repeat(64),
  staged: { manifestUri: '/earlier', manifestSha256: 'f'.repeat(64), attempt: 1 },
  sinks: ['lake'],
};

describe('runPipeline with windows', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let code: Awaited<ReturnType<typeof workflowBundle>>;
  let count = 0;

  before(async () => {
    code = await workflowBundle();
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment?.teardown());

  it('freezes them under the locks, before it reads', async () => {
    const read: RunReference[] = [];
    const { fakes, receipt } = await run({
      prepared: { incremental: ['orders'], sinks: [warehouse] },
      overrides: {
        resolveWindows: async () => ({ windows, notes: ['a first load'], unfinished: null }),
        runBeam: async (reference) => {
          read.push(reference);
          return { manifestUri: '/m', manifestSha256: 'b'.repeat(64), attempt: 1 };
        },
      },
    });
    assert.deepEqual(fakes.calls.slice(1, 5), [
      'requestLock',
      'inspectDestinations',
      'resolveWindows',
      'runBeam',
    ]);
    assert.deepEqual(read[0]?.windows, windows);
    assert.deepEqual(receipt.windows, windows);
    assert.deepEqual(receipt.notes, ['a first load']);
    assert.equal(Number.isNaN(Date.parse(receipt.time ?? '')), false);
  });

  it('asks with the window that its input gives', async () => {
    const asked: unknown[] = [];
    await run(
      {
        prepared: { incremental: ['orders'], sinks: [warehouse] },
        overrides: {
          resolveWindows: async (_run, { given, again }) => {
            asked.push(given, again);
            return { windows, notes: [], unfinished: null };
          },
        },
      },
      { window: { start: '1', end: '10' }, again: true },
    );
    assert.deepEqual(asked, [{ start: '1', end: '10' }, true]);
  });

  it('reads the windows of a run that it repeats, and asks for none', async () => {
    const { fakes, receipt } = await run(
      { prepared: { incremental: ['orders'], sinks: [warehouse] } },
      { windows },
    );
    assert.ok(!fakes.calls.includes('resolveWindows'));
    assert.deepEqual(receipt.windows, windows);
  });

  it('publishes an empty window, so that the next one begins where it ends', async () => {
    const { fakes } = await run({
      rows: 0,
      prepared: { incremental: ['orders'], sinks: [{ ...warehouse, onEmpty: 'keep' }] },
      overrides: { resolveWindows: async () => ({ windows, notes: [], unfinished: null }) },
    });
    assert.ok(fakes.calls.includes('publish'));
  });

  it('publishes first what an earlier run left, under that run, and then asks again', async () => {
    const published: [string, string, string][] = [];
    const looks: unknown[] = [];
    let left: UnfinishedRun | null = earlier;
    const { fakes, receipt } = await run({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        resolveWindows: async () => {
          const unfinished = left;
          left = null;
          return { windows, notes: [], unfinished };
        },
        inspectDestinations: async (_run, takesOrder, sinks) => {
          looks.push([takesOrder, sinks]);
          return { warehouse: 0, lake: 0 };
        },
        publish: async (reference, staged, { sink, baseVersion, overNewer }) => {
          assert.equal(overNewer, undefined);
          published.push([reference.runKey, staged.manifestUri, sink]);
          return { version: baseVersion + 1, rows: 3, bytes: 1 };
        },
      },
    });
    assert.deepEqual(published.slice(0, 1), [['earlierrun', '/earlier', 'lake']]);
    // Only the run's own look takes its place in the order of runs.
    assert.deepEqual(looks.slice(0, 2), [
      [true, undefined],
      [false, ['lake']],
    ]);
    assert.deepEqual(
      published.slice(1).map(([, uri, sink]) => [uri, sink]),
      [
        ['/m', 'warehouse'],
        ['/m', 'lake'],
      ],
    );
    assert.equal(fakes.calls.filter((name) => name === 'resolveWindows').length, 2);
    assert.deepEqual(receipt.completed, ['earlierrun']);
    assert.match(receipt.notes?.join() ?? '', /lake: 3 rows that run earlierrun had staged/);
  });

  it('finishes ten earlier runs, and fails where there are more', async () => {
    const { fakes, error } = await fail({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: { resolveWindows: async () => ({ windows, notes: [], unfinished: earlier }) },
    });
    assert.match(error.message, /^run earlierrun stays unfinished/);
    assert.equal(fakes.calls.filter((name) => name === 'publish').length, 10);
  });

  it('fences what it could not publish for the earlier run, and reads nothing', async () => {
    const fenced: string[] = [];
    const { fakes, error } = await fail({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        resolveWindows: async () => ({ windows: {}, notes: [], unfinished: earlier }),
        publish: async () => {
          throw failure('DataError', 'not this row');
        },
        fence: async ({ runKey }, { sink }) => {
          fenced.push(`${runKey} ${sink}`);
          return null;
        },
      },
    });
    assert.match(error.message, /not this row/);
    assert.deepEqual(fenced, ['earlierrun lake']);
    assert.ok(!fakes.calls.includes('runBeam'));
  });

  it('fences nothing of the earlier run where it could not find out what to build on', async () => {
    const { fakes, error } = await fail({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        inspectDestinations: async (_run, _takesOrder, sinks) => {
          if (sinks !== undefined) throw failure('ConfigError', 'the lake is dry');
          return { warehouse: 0, lake: 0 };
        },
        resolveWindows: async () => ({ windows: {}, notes: [], unfinished: earlier }),
      },
    });
    assert.match(error.message, /the lake is dry/);
    for (const not of ['publish', 'fence', 'runBeam']) assert.ok(!fakes.calls.includes(not), not);
  });

  it('ends as its publish did where the earlier run cannot be fenced', async () => {
    const { fakes, error } = await fail({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        resolveWindows: async () => ({ windows: {}, notes: [], unfinished: earlier }),
        publish: async () => {
          throw failure('DataError', 'not this row');
        },
        fence: async () => {
          throw failure('ConfigError', 'no fence');
        },
      },
    });
    assert.match(error.message, /^not this row/);
    assert.ok(fakes.calls.includes('fence') && !fakes.calls.includes('runBeam'));
  });

  it('names the earlier run whose rows are behind newer ones: nothing else helps', async () => {
    const { fakes, error } = await fail({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        resolveWindows: async () => ({ windows: {}, notes: [], unfinished: earlier }),
        publish: async () => {
          throw failure('NewerCommitted', 'lake has newer rows', { step: 'lake' });
        },
      },
    });
    assert.match(error.message, /^run earlierrun published only a part .*: lake has newer rows/);
    const [receipt] = fakes.receipts;
    assert.deepEqual(
      [receipt?.failure?.type, receipt?.failure?.earlier_run, receipt?.failure?.step],
      ['NewerCommitted', 'earlierrun', 'lake'],
    );
  });

  it('publishes under the time at which it looked, before it read; an earlier run under its own', async () => {
    const published: [string, string | undefined][] = [];
    const newest = '2200-01-01T00:00:00.000Z';
    const { receipt } = await run({
      prepared: { incremental: ['orders'], sinks: [warehouse, lake] },
      overrides: {
        inspectDestinations: async (_run, takesOrder) =>
          takesOrder
            ? { warehouse: { version: 1, readAt: newest }, lake: { version: 2, readAt: null } }
            : { warehouse: 1, lake: 2 },
        resolveWindows: async () => ({
          windows: {},
          notes: [],
          unfinished:
            published.length === 0 ? { ...earlier, readAt: '2026-01-01T00:00:00.000Z' } : null,
        }),
        publish: async ({ runKey, readAt }, _staged, { baseVersion }) => {
          published.push([runKey, readAt]);
          return { version: baseVersion + 1, rows: 1, bytes: 1 };
        },
      },
    });
    const behind = '2200-01-01T00:00:00.001Z';
    assert.deepEqual(published, [
      ['earlierrun', '2026-01-01T00:00:00.000Z'],
      [receipt.run_key, behind],
      [receipt.run_key, behind],
    ]);
    assert.equal(receipt.read_at, behind);
  });

  it('says in the receipt what it left, where it published only a part', async () => {
    const { fakes } = await fail({
      prepared: { sinks: [warehouse, lake] },
      overrides: {
        publish: async (_run, _staged, { sink, baseVersion }) => {
          if (sink === 'lake') throw failure('DataError', 'not this row');
          return { version: baseVersion + 1, rows: 7, bytes: 1 };
        },
      },
    });
    const [receipt] = fakes.receipts;
    assert.deepEqual(receipt?.left?.sinks, ['lake']);
    assert.equal(receipt?.left?.staged.manifestUri, '/m');
    // Of sinks on one host, no lock is given back before that host has settled what was begun.
    const run = environment.client.workflow.getHandle(receipt?.workflow_id ?? '');
    const order = ((await run.fetchHistory()).events ?? []).flatMap((event) =>
      event.signalExternalWorkflowExecutionInitiatedEventAttributes
        ? 'to a lock'
        : (event.activityTaskScheduledEventAttributes?.activityType?.name ?? []),
    );
    assert.deepEqual(order.slice(-4), ['fence', 'to a lock', 'to a lock', 'finish']);
  });

  it('passes on that what is left shall be published over newer rows; it is never so by itself', async () => {
    const asked: unknown[] = [];
    for (const over_newer of [true, false]) {
      await run(
        {
          prepared: { sinks: [warehouse, lake], completes: earlier },
          overrides: {
            publish: async (_run, _staged, reference) => {
              asked.push([reference.overNewer, reference.again]);
              return { version: 1, rows: 1, bytes: 1 };
            },
          },
        },
        { over_newer },
      );
    }
    assert.deepEqual(asked, [
      [true, true],
      [undefined, undefined],
    ]);
  });

  it('only publishes what a run left, if that is what it is for', async () => {
    const { fakes, receipt } = await run({
      prepared: { sinks: [warehouse, lake], completes: earlier },
    });
    assert.ok(!fakes.calls.includes('runBeam') && !fakes.calls.includes('audit'));
    assert.deepEqual(
      receipt.sinks.map(({ name, state }) => [name, state]),
      [
        ['warehouse', 'kept'],
        ['lake', 'published'],
      ],
    );
    assert.deepEqual(receipt.completed, ['earlierrun']);
  });

  type Options = Omit<FakeOptions, 'client' | 'taskQueue'>;

  async function run(
    options: Options,
    input: Partial<RunPipelineInput> = {},
  ): Promise<{ fakes: FakeActivities; receipt: Receipt }> {
    return withRun(options, input, async (fakes, result) => ({ fakes, receipt: await result }));
  }

  async function fail(
    options: Options,
  ): Promise<{ fakes: FakeActivities; error: ApplicationFailure }> {
    return withRun(options, {}, async (fakes, result) => {
      const error = await result.then(
        () => assert.fail('the run succeeded'),
        (failed: WorkflowFailedError) => failed.cause,
      );
      assert.ok(error instanceof ApplicationFailure, String(error));
      return { fakes, error };
    });
  }

  async function withRun<T>(
    options: Options,
    input: Partial<RunPipelineInput>,
    body: (fakes: FakeActivities, result: Promise<Receipt>) => Promise<T>,
  ): Promise<T> {
    const taskQueue = `windows-${++count}`;
    const { client, nativeConnection: connection } = environment;
    const fakes = createFakeActivities({ client: client.workflow, taskQueue, ...options });
    const { activities } = fakes;
    const worker = await Worker.create({ connection, activities, taskQueue, ...code });
    return worker.runUntil(() => {
      const result = client.workflow.execute('runPipeline', {
        taskQueue,
        workflowId: `windows-${count}-${Math.random().toString(36).slice(2)}`,
        args: [{ config: 'orders.yaml', ...input }],
      });
      return body(fakes, result as Promise<Receipt>);
    });
  }
});
