import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { statusLines } from '../../src/cli/commands/runs/status.js';
import { waitsText } from '../../src/cli/follow/events.js';
import { Beamline } from '../../src/client/index.js';
import { noWorker } from '../../src/client/look/trouble.js';
import { Run } from '../../src/client/run.js';
import { createReaper } from '../../src/orphans/reaper.js';
import { destinationHash } from '../../src/store/run-key.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { createFakeActivities } from '../support/fake-activities.js';
import { startTemporal, temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const destination = 'duckdb:s:/w.duckdb#main.t';
const sink = {
  name: 'warehouse',
  module: 'duckdb',
  mode: 'replace',
  onEmpty: 'truncate',
  destination,
  lockId: `beamline.lock.${destinationHash(destination)}`,
  location: 't in w.duckdb',
} as const;

describe('a run that waits for a host which is not there', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let beamline: Beamline;
  let stop: () => Promise<void>;
  let stopWorker: () => Promise<void>;
  let root: string;
  let holder: WorkflowHandle;
  let waiting: WorkflowHandle;

  before(async () => {
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
    const folder = await temporaryRoot();
    ({ root } = folder);
    const { client, nativeConnection, address } = environment;
    const taskQueue = 'waits';
    const store = { id: 'k3', host: 'alpha', root: '/s', taskQueue: 'waits.k3', waitMs: 600_000 };
    const { activities } = createFakeActivities({
      client: client.workflow,
      taskQueue,
      knownLocks: true,
      prepared: { store, sinks: [sink] },
    });
    const worker = await Worker.create({
      connection: nativeConnection,
      taskQueue,
      ...(await workflowBundle()),
      activities,
    });
    const running = worker.run();
    let isStopped = false;
    stopWorker = async () => {
      if (!isStopped) worker.shutdown();
      isStopped = true;
      await running;
    };
    stop = async () => {
      await stopWorker();
      await folder.remove();
    };
    beamline = await Beamline.connect({ root, address, taskQueue });
    const start = (workflowId: string): Promise<WorkflowHandle> =>
      client.workflow.start('runPipeline', {
        taskQueue,
        workflowId,
        args: [{ config: 'orders.yaml' }],
      });
    holder = await start('holder');
    await until(async () => (await pendingOf(holder)).includes('inspectDestinations'));
    waiting = await start('waiting');
    await until(async () => (await beamline.waitsOf(await summary('waiting'))).held_by.length > 0);
  });
  after(async () => {
    await Promise.all([holder, waiting].map((run) => run?.terminate()));
    await beamline?.close();
    await stop?.();
    await environment?.teardown();
  });

  const summary = async (workflowId: string) => (await beamline.get(workflowId)).status();
  const absent = { host: 'alpha', store: 'k3' };

  it('is told by `status`, and what to do about it', async () => {
    const run = await beamline.get('holder');
    await until(async () => (await run.status()).stuck === null, 'a worker answers');
    const waits = await beamline.waitsOf(await run.status());
    assert.deepEqual(waits, { absent_host: absent, held_by: [] });
    const lines = statusLines(run, await run.status(), null, waits).join('\n');
    assert.match(lines, /host +alpha is not there: no worker serves its store k3.*`store_wait`/);
  });

  it('is named by `status` of the run that waits for what it holds', async () => {
    const run = await beamline.get('waiting');
    const { key: run_key } = await beamline.get('holder');
    const waits = await beamline.waitsOf(await run.status());
    const held = { destination, run_key, workflow_id: 'holder', absent_host: absent };
    assert.deepEqual(waits.held_by, [held]);
    const lines = statusLines(run, await run.status(), null, waits).join('\n');
    assert.match(
      lines,
      new RegExp(
        `waits for +t in w\\.duckdb, which run ${run_key} has\n.*run ${run_key} waits for the host alpha.*cancel ${run_key}`,
      ),
    );
  });

  it('tells who follows what it waits for, by its place, and the run that has it', async () => {
    const { key: run_key } = await beamline.get('holder');
    const run = await beamline.get('waiting');
    for await (const snapshot of run.progress()) {
      if (snapshot.held_by.length === 0) continue;
      assert.deepEqual(snapshot.waiting_for, [destination]);
      assert.equal(waitsText(snapshot), `t in w.duckdb, which run ${run_key} has`);
      break;
    }
  });

  it('is waited for by no call any more once it is followed no more', async () => {
    const { client, address } = environment;
    const signals: AbortSignal[] = [];
    const seen = Object.assign(Object.create(client) as typeof client, {
      withAbortSignal<R>(signal: AbortSignal, call: () => Promise<R>): Promise<R> {
        signals.push(signal);
        return client.withAbortSignal(signal, call);
      },
    });
    const handle = seen.workflow.getHandle('waiting');
    const temporal = { client: seen, address, namespace: 'default' };
    const run = new Run(temporal, handle, { root, key: 'q4kx7mw2ta', url: null });
    for await (const { state } of run.progress()) {
      assert.equal(state, 'queued');
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [false],
      );
      break;
    }
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    );
  });

  it('is seen by `orphans`, and left to whoever cancels it', async () => {
    const { key: run_key } = await beamline.get('holder');
    const { client } = environment;
    const options = { root, localStore: root, client, namespace: 'default' };
    const reaper = createReaper(options);
    try {
      const orphans = await reaper.find();
      const run = { run_key, workflow_id: 'holder', ...absent, locks: [sink.lockId], waiting: 1 };
      assert.deepEqual([orphans.stalled, orphans.locks], [[run], []]);
      await reaper.clean(orphans);
      assert.equal((await reaper.find()).stalled.length, 1);
    } finally {
      await reaper.close();
    }
  });

  it('says so when no worker answers, and to who follows not at the first look', async () => {
    const run = await beamline.get('waiting');
    await stopWorker();
    await until(async () => (await run.status()).stuck === noWorker, 'no worker answers');
    const seen: (string | null)[] = [];
    for await (const { stuck } of run.progress()) {
      seen.push(stuck);
      if (stuck !== null) break;
    }
    assert.deepEqual(seen, [null, noWorker]);
  });
});

async function pendingOf(run: WorkflowHandle): Promise<string[]> {
  const { raw } = await run.describe();
  return (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? '');
}
