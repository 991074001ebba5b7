import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { runKeyOf } from '../../src/store/run-key.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { ReadyChild } from '../support/child.js';
import { createHosts, isAlive, leftovers, pause, wake, type Hosts } from '../support/hosts.js';
import { duckdbRows, query, startRun, writeOrdersPipeline } from '../support/pipeline.js';
import { startDatabase, startTemporal, type Database } from '../support/stack.js';

const slow = 'SELECT i AS id, pg_sleep(0.01)::text AS note FROM generate_series(1, 10000) i';

describe('ending a run early', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let hosts: Hosts;

  before(async () => {
    [environment, database] = await Promise.all([startTemporal(), startDatabase('postgres')]);
    await query(
      database.ready,
      'CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1000) i',
    );
  });
  after(async () => {
    await database?.end();
    await environment?.teardown();
  });
  beforeEach(async function () {
    hosts = await createHosts(environment, `cancel-${this.currentTest?.title}`, 1);
    await hosts.start(0);
  });
  afterEach(() => hosts.end());

  it('cancels: the Beam process ends, staging is cleaned, the run closes as cancelled', async () => {
    await pipeline({ query: slow });
    const run = await start();
    const pid = await beamProcess(run);
    const asked = Date.now();
    await run.cancel();
    assert.equal((await endOf(run)) instanceof CancelledFailure, true);
    assert.ok(Date.now() - asked < 30_000, `took ${Date.now() - asked} ms`);
    assert.ok(!isAlive(pid));
    assert.deepEqual(await leftovers(hosts.roots), []);
    assert.equal((await receiptOf(run)).outcome, 'cancelled');
    for (let waited = 0; (await running()) > 0; waited += 100) {
      assert.ok(waited < 30_000, 'the query runs on in the database');
      await sleep(100);
    }
  });

  it('cancels although the Beam process is paused', async () => {
    await pipeline({ query: slow });
    const run = await start();
    const pid = await beamProcess(run);
    await pause(pid);
    await run.cancel();
    assert.ok((await endOf(run)) instanceof CancelledFailure);
    assert.ok(!isAlive(pid));
    assert.deepEqual(await leftovers(hosts.roots), []);
  });

  it('publishes nothing when a paused publisher wakes after the cancellation', async () => {
    await pipeline();
    await hosts.arm('publisher:before-commit', 'SIGSTOP');
    const run = await start();
    const sleeper = await hosts.hit('publisher:before-commit');
    await run.cancel();
    assert.ok((await endOf(run)) instanceof CancelledFailure);
    wake(sleeper);
    await sleep(1_000);
    await assertNothingPublished();
  });

  it('publishes nothing when a paused worker wakes after the cancellation', async () => {
    await pipeline();
    await hosts.arm('worker:before-publish', 'SIGSTOP');
    const run = await start();
    const sleeper = await hosts.hit('worker:before-publish');
    await hosts.start(0);
    await run.cancel();
    assert.ok((await endOf(run)) instanceof CancelledFailure);
    wake(sleeper);
    await sleep(6_000); // It starts a publisher, which finds the version taken.
    await assertNothingPublished();
    assert.deepEqual(await leftovers(hosts.roots), []);
  });

  it('says what was published before the cancellation came', async () => {
    await pipeline();
    await hosts.arm('publisher:publish:done', 'SIGSTOP');
    const run = await start();
    await hosts.hit('publisher:publish:done');
    await run.cancel();
    assert.ok((await endOf(run)) instanceof CancelledFailure);
    const [sink] = (await receiptOf(run)).sinks;
    assert.deepEqual([sink?.state, sink?.rows, sink?.version], ['published', 1000, 1]);
  });

  it('ends at its `timeout` with an outcome of its own', async () => {
    await pipeline({ query: slow, timeout: '4s' });
    const run = await start();
    const failure = await endOf(run);
    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(failure.type, 'DeadlineExceeded');
    assert.match(failure.message, /longer than its `timeout` of 4 s\nNothing was published/);
    assert.equal((await receiptOf(run)).outcome, 'deadline_exceeded');
    assert.deepEqual(await leftovers(hosts.roots), []);
  });

  it('goes on elsewhere when its worker shuts down in good order', async () => {
    await pipeline({
      query: 'SELECT i AS id, pg_sleep(0.01)::text AS note FROM generate_series(1, 600) i',
    });
    const run = await start();
    const pid = await beamProcess(run);
    await hosts.workers[0]?.end('SIGTERM');
    assert.ok(!isAlive(pid));
    await hosts.start(0);
    const receipt = await run.result();
    assert.equal(receipt.outcome, 'succeeded');
    assert.ok(receipt.attempts >= 2);
    assert.equal(receipt.rows_staged, 600);
  });

  it('leaves no Beam process behind when its worker is killed', async () => {
    await pipeline({ query: slow });
    const run = await start();
    const pid = await beamProcess(run);
    await hosts.workers[0]?.end('SIGKILL');
    for (let waited = 0; isAlive(pid) && waited < 5_000; waited += 100) await sleep(100);
    assert.ok(!isAlive(pid));
    await run.terminate();
  });

  function pipeline(options: { query?: string; timeout?: string } = {}): Promise<void> {
    return writeOrdersPipeline(hosts.roots[0] as string, database.ready, {
      mode: 'append',
      ...options,
    });
  }

  function start() {
    return startRun(environment, { config: 'orders.yaml' }, { taskQueue: hosts.taskQueue });
  }

  /** How many of our slow queries the database works on. */
  async function running(): Promise<number> {
    const [row] = await query(
      database.ready,
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE query LIKE '%pg_sleep(0.01)%' AND pid <> pg_backend_pid() AND state = 'active'`,
    );
    return row?.['n'] as number;
  }

  async function receiptOf(run: { firstExecutionRunId: string }): Promise<Receipt> {
    const key = runKeyOf(run.firstExecutionRunId);
    const file = join(hosts.roots[0] as string, '.beamline/store/runs', key, 'receipt.json');
    return JSON.parse(await readFile(file, 'utf8')) as Receipt;
  }

  async function assertNothingPublished(): Promise<void> {
    const file = join(hosts.roots[0] as string, 'warehouse.duckdb');
    const log = await duckdbRows(
      file,
      'SELECT version::int AS version, kind FROM _beamline.commits',
    );
    assert.deepEqual(log, [{ version: 1, kind: 'fence' }]);
    const tables = await duckdbRows(
      file,
      "SELECT 1 FROM duckdb_tables() WHERE table_name = 'orders'",
    );
    assert.deepEqual(tables, []);
  }
});

/** The failure with which a run ended. */
async function endOf(run: WorkflowHandle): Promise<unknown> {
  const error = await run.result().then(
    () => assert.fail('the run succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  return error.cause;
}

/** Waits until a heartbeat tells the id of the Beam process, and it has begun to work. */
async function beamProcess(run: WorkflowHandle): Promise<number> {
  for (;;) {
    const { raw } = await run.describe();
    for (const { heartbeatDetails } of raw.pendingActivities ?? []) {
      const data = heartbeatDetails?.payloads?.[0]?.data;
      if (!data?.length) continue;
      const { pid, steps } = JSON.parse(Buffer.from(data).toString()) as {
        pid: number | null;
        steps: object;
      };
      if (pid !== null && Object.keys(steps).length > 0) return pid;
    }
    await sleep(100);
  }
}
