import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import {
  Beamline,
  ConfigProblems,
  RunFailed,
  RunNotFound,
  TemporalUnreachable,
  type Receipt,
  type RunSnapshot,
} from '../../src/client/index.js';
import { createWorkflowId } from '../../src/client/run-request.js';
import { timelineUrl, webUiOf } from '../../src/client/server/web-ui.js';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import type { ReadyChild } from '../support/child.js';
import { query, writeOrdersPipeline } from '../support/pipeline.js';
import {
  startDatabase,
  startTemporal,
  startWorker,
  temporaryRoot,
  type Database,
  type WorkerReady,
} from '../support/stack.js';

describe('Beamline, with a real server, worker and database', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let worker: ReadyChild<WorkerReady>;
  let beamline: Beamline;
  let root: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    [environment, database] = await Promise.all([startTemporal(), startDatabase('postgres')]);
    await query(
      database.ready,
      'CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1000) i',
    );
    worker = await startWorker(environment, root);
    beamline = await Beamline.connect({ root, address: environment.address });
  });
  after(async () => {
    await beamline?.close();
    await worker?.end();
    await database?.end();
    await environment?.teardown();
    await remove();
  });

  it('runs a config, yields its progress, and gives the receipt', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    const run = await beamline.run('orders.yaml');
    const looks: RunSnapshot[] = [];
    for await (const look of run.progress()) looks.push(look);
    const receipt = await run.receipt();
    assert.equal(receipt.rows_read, 1000);
    assert.equal(receipt.run_key, run.key);
    assert.equal(looks.at(-1)?.state, 'succeeded');
    const done = (name: string): unknown => {
      const { kind, rows, done } = looks.at(-1)?.steps[name] ?? {};
      return { kind, rows, done };
    };
    assert.deepEqual(done('orders'), { kind: 'source', rows: 1000, done: true });
    assert.deepEqual(done('warehouse'), { kind: 'sink', rows: 1000, done: true });
    assert.equal(looks.at(-1)?.sinks[0]?.state, 'published');
    const first = looks.findIndex(({ steps }) => Object.keys(steps).length > 0);
    assert.ok(
      looks.slice(first).every(({ steps }) => 'orders' in steps),
      'a step that was seen was forgotten',
    );
    assert.ok(looks.length < 30, `looked ${looks.length} times`);
    assert.match(run.workflowId, /^orders-\d{8}t\d{6}-[a-z2-7]{5}$/);
    const description = await environment.client.workflow.getHandle(run.workflowId).describe();
    assert.equal(await description.staticSummary(), 'orders: orders.yaml');
    assert.match((await description.staticDetails()) ?? '', /replaces \*\*warehouse\*\*: orders/);
  });

  it('finds a run by each of its names', async () => {
    const { run_key, workflow_id, run_id } =
      (await beamline.list({ limit: 1 }))[0] ?? assert.fail();
    for (const name of [run_key, workflow_id, run_id, 'latest']) {
      const found = await beamline.get(name);
      assert.deepEqual([found.key, found.workflowId], [run_key, workflow_id], name);
    }
    await assert.rejects(beamline.get('nobody'), RunNotFound);
  });

  it('throws what went wrong, where, with the receipt', async () => {
    await writeOrdersPipeline(root, database.ready, {
      mode: 'replace',
      query: 'SELECT * FROM gone',
    });
    const run = await beamline.run('orders.yaml');
    await assert.rejects(run.result(), (error) => {
      assert.ok(error instanceof RunFailed);
      const { outcome, type, step, runKey, receipt, message } = error;
      assert.deepEqual([outcome, type, step, runKey], ['failed', 'SqlError', 'orders', run.key]);
      assert.match(message, /relation "gone" does not exist/);
      assert.equal(receipt?.outcome, 'failed');
      return true;
    });
    assert.equal((await run.receipt()).failure?.type, 'SqlError');
  });

  it('starts nothing if the config has a problem', async () => {
    const before = (await beamline.list()).length;
    await assert.rejects(beamline.run('nowhere.yaml'), ConfigProblems);
    assert.equal((await beamline.list()).length, before);
  });

  it('says that a worker is there, and that a store has none', async () => {
    assert.equal(await beamline.hasWorker(), true);
    assert.equal(await beamline.hasWorker(worker.ready.store), true);
    assert.equal(await beamline.hasWorker('0123456789'), false);
  });

  it('runs what `temporal workflow start` starts, as docs/runs.md has it', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    const env = { TEMPORAL_ADDRESS: environment.address };
    const start = 'workflow start --type runPipeline --task-queue beamline';
    const started = await execa(
      findTemporalCli(),
      [...start.split(' '), '--input', '{"config":"orders.yaml"}', '--output=json'],
      { env },
    );
    const { workflowId } = JSON.parse(started.stdout) as { workflowId: string };
    const shown = await execa(
      findTemporalCli(),
      [...'workflow result --output json --workflow-id'.split(' '), workflowId],
      { env },
    );
    const { result } = JSON.parse(shown.stdout) as { result: Receipt };
    assert.deepEqual([result.outcome, result.rows_read], ['succeeded', 1000]);
    assert.equal((await beamline.get(workflowId)).key, result.run_key);
  });
});

describe('Beamline.connect', () => {
  it('says which address does not answer', async () => {
    await assert.rejects(Beamline.connect({ address: '127.0.0.1:1' }), (error) => {
      assert.ok(error instanceof TemporalUnreachable);
      assert.match(error.message, /^cannot reach Temporal at 127\.0\.0\.1:1: /);
      return true;
    });
  });
});

describe('a run’s names', () => {
  it('has a workflow id that is readable, sorted by time and unlike any other', () => {
    const now = new Date('2026-11-24T03:04:11.999Z');
    const [one, two] = [createWorkflowId('flights', now), createWorkflowId('flights', now)];
    assert.match(one, /^flights-20261124t030411-[a-z2-7]{5}$/);
    assert.notEqual(one, two);
  });

  it('links to the Web UI that shows its namespace', async () => {
    const cloud = { address: 'acme.a1b2c.tmprl.cloud:7233', namespace: 'acme.a1b2c' };
    assert.equal(await webUiOf(join('no', 'stack'), cloud), 'https://cloud.temporal.io');
    const other = { address: 'temporal.internal:7233', namespace: 'default' };
    assert.equal(await webUiOf(join('no', 'stack'), other), null);
    assert.equal(
      timelineUrl('http://127.0.0.1:8233', 'default', 'a/b', 'c'),
      'http://127.0.0.1:8233/namespaces/default/workflows/a%2Fb/c/history',
    );
  });
});
