import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Beamline } from '../../src/client/index.js';
import { holdPort } from '../../src/dev/environment/ports.js';
import { withLittleSpace } from '../destinations/limits.js';
import type { ReadyChild } from '../support/child.js';
import { createHosts, leftovers, type Hosts } from '../support/hosts.js';
import { duckdbRows, query, startRun, writeOrdersPipeline } from '../support/pipeline.js';
import { until } from '../support/until.js';
import { startDatabase, startTemporal, temporaryRoot, type Database } from '../support/stack.js';

const canary = 'c4n4ry-s3cret-p4ssw0rd';

describe('what goes wrong around a run', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let data: Awaited<ReturnType<typeof temporaryRoot>>;
  let hosts: Hosts;
  let root: string;

  before(async () => {
    data = await temporaryRoot();
    [environment, database] = await Promise.all([
      startTemporal(),
      startDatabase('postgres', ['--dir', join(data.root, 'database')]),
    ]);
    await query(
      database.ready,
      `CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1000) i;
       CREATE ROLE canary LOGIN PASSWORD '${canary}'; GRANT SELECT ON orders TO canary`,
    );
  });
  after(async () => {
    await database?.end();
    await environment?.teardown();
    await data.remove();
  });
  beforeEach(async function () {
    hosts = await createHosts(environment, `failures-${this.currentTest?.title}`, 1);
    root = hosts.roots[0] as string;
    await hosts.start(0);
  });
  afterEach(() => hosts.end());

  it('a config error fails at once and names file, line and key', async () => {
    await pipeline();
    const text = await readFile(join(root, 'orders.yaml'), 'utf8');
    await writeFile(join(root, 'orders.yaml'), text.replace('query:', 'querry:'));
    const failure = await failureOf(await start());
    assert.equal(failure.type, 'ConfigError');
    assert.match(failure.message, /orders\.yaml:\d+:\d+ +sources\[0\]\.parameters\.querry/);
    assert.match(failure.message, /did you mean `query`\?/);
  });

  it('an SQL error fails at once and shows where', async () => {
    await pipeline({ query: 'SELECT id,\n  nme FROM orders' });
    const failure = await failureOf(await start());
    assert.equal(failure.type, 'SqlError');
    assert.match(failure.message, /nme/);
    assert.match(failure.message, /2:3|line 2/);
    assert.match(failure.message, /Nothing was published\.$/);
  });

  it('a column that a destination cannot hold fails at once, and names file, line and key', async () => {
    await pipeline({ query: 'SELECT id, 1 AS "ID" FROM orders' });
    const run = await start();
    const failure = await failureOf(run);
    assert.equal(failure.type, 'ConfigError');
    assert.match(
      failure.message,
      /orders\.yaml:\d+:\d+ +sinks\[0\]\.input +sink `warehouse`: .*`ID`/,
    );
    assert.match(failure.message, /rename: \{ID: ID_2\}.*\nNothing was read\./);
    assert.equal(await attemptsOf(run, 'runBeam'), 1);
  });

  it('a wrong password fails at once, without telling it', async () => {
    await pipeline({}, { user: 'canary', password: `not-${canary}` });
    const run = await start();
    const failure = await failureOf(run);
    assert.equal(failure.type, 'AuthenticationError');
    assert.equal(await attemptsOf(run, 'runBeam'), 1);
    await assertNoCanary(run);
  });

  it('a server that is down and comes back is waited for', async () => {
    await pipeline();
    const { port } = database.ready;
    await database.end();
    const run = await start();
    while ((await pendingAttempt(run)) < 2) await sleep(100);
    const beamline = await Beamline.connect({ address: environment.address });
    const seen = await beamline.get(run.workflowId);
    // The pauses grow: between two attempts it says when the next one begins.
    await until(async () => {
      const { activity } = await seen.status();
      assert.equal(activity?.most_attempts, 12);
      assert.equal(activity.last_failure?.type, 'ConnectionLost');
      return !activity.running && Date.parse(activity.next_at ?? '') > Date.now();
    });
    await beamline.close();
    const other = await holdPort(port);
    assert.ok(other);
    other.on('connection', (socket) => socket.destroy());
    database = await startDatabase('postgres', ['--dir', join(data.root, 'database')]);
    other.close();
    await pipeline(); // It has another port now; the profile is read by each attempt.
    assert.notEqual(database.ready.port, port);
    const receipt = await run.result();
    assert.equal(receipt.outcome, 'succeeded');
    assert.ok(receipt.attempts >= 2);
  });

  it('two runs at once publish one after the other', async () => {
    await pipeline();
    const runs = await Promise.all([start(), start(), start()]);
    const receipts = await Promise.all(runs.map((run) => run.result()));
    assert.deepEqual(new Set(receipts.map(({ sinks }) => sinks[0]?.version)), new Set([1, 2, 3]));
    const [row] = await duckdbRows(
      join(root, 'warehouse.duckdb'),
      'SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM orders',
    );
    assert.deepEqual(row, { n: 3000, ids: 1000 });
  });

  it('a destination that another process has open fails the run before it reads anything', async () => {
    await pipeline({ destinationWait: '1s' });
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(join(root, 'warehouse.duckdb'));
    const connection = await instance.connect();
    try {
      const run = await start();
      const failure = await failureOf(run);
      assert.equal(failure.type, 'DestinationBusy');
      assert.match(failure.message, new RegExp(`process ${process.pid}\\b`));
      assert.match(failure.message, /Nothing was published/);
      assert.equal(await attemptsOf(run, 'runBeam'), 0);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });

  it('a full disk of the store ends the run at once, and what filled it is gone', async () => {
    await hosts.end();
    hosts = await createHosts(environment, 'failures-full-disk', 1);
    root = hosts.roots[0] as string;
    await pipeline({
      query: 'SELECT md5((id * n)::text) AS id FROM orders, generate_series(1, 300) n',
    });
    const store = join(root, '.beamline');
    await mkdir(store);
    const worker = await hosts.start(0, withLittleSpace(store));
    const run = await start();
    const failure = await failureOf(run);
    assert.equal(failure.type, 'StorageFull', failure.message);
    assert.match(failure.message, /no space is left.*\n?Nothing was published\.$/s);
    assert.equal(await attemptsOf(run, 'runBeam'), 1);
    assert.equal(await attemptsOf(run, 'finish'), 1);
    // The store as the worker sees it: nobody else does.
    const seen = join(`/proc/${worker.ready.pid}/root`, store, 'store');
    const files = (await readdir(seen, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name.replace(/^[0-9a-f]{64}/, '<sha256>'));
    assert.deepEqual(files.toSorted(), ['<sha256>.json', 'beam.log', 'receipt.json', 'store.json']);
  });

  it('a secret is in no history, receipt, log or staged file', async () => {
    await pipeline({}, { user: 'canary', password: canary });
    await hosts.arm('worker:before-publish', 'SIGSTOP'); // Staging is still there then.
    const run = await start();
    const worker = await hosts.hit('worker:before-publish');
    assert.ok((await leftovers(hosts.roots)).length > 0);
    assert.deepEqual(await filesWithCanary(join(root, '.beamline')), []);
    process.kill(worker, 'SIGCONT');
    assert.equal((await run.result()).outcome, 'succeeded');
    await assertNoCanary(run);
  });

  async function pipeline(
    options: { query?: string; destinationWait?: string } = {},
    login: { user: string; password: string } = database.ready,
  ): Promise<void> {
    await writeOrdersPipeline(
      root,
      { ...database.ready, ...login },
      { mode: 'append', ...options },
    );
  }

  function start() {
    return startRun(environment, { config: 'orders.yaml' }, { taskQueue: hosts.taskQueue });
  }

  async function assertNoCanary(run: WorkflowHandle): Promise<void> {
    const history = await readableHistory(run);
    assert.ok(history.includes('orders.yaml'), 'the payloads are not readable');
    assert.ok(!history.includes(canary));
    assert.deepEqual(await filesWithCanary(join(root, '.beamline')), []);
    for (const worker of hosts.workers) assert.ok(!worker.stderr().includes(canary));
  }
});

/** The history as text, with every payload readable. */
async function readableHistory(run: WorkflowHandle): Promise<string> {
  return JSON.stringify(await run.fetchHistory(), (key, value: unknown) =>
    // Protobuf's own JSON has bytes as base64.
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
  );
}

async function filesWithCanary(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(file, 'latin1')).includes(canary)) found.push(file);
  }
  return found;
}

async function failureOf(run: WorkflowHandle): Promise<ApplicationFailure> {
  const error = await run.result().then(
    () => assert.fail('the run succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
  return error.cause;
}

/** How often an activity was started, as the closed run's history says. */
async function attemptsOf(run: WorkflowHandle, activity: string): Promise<number> {
  const { events } = await run.fetchHistory();
  const scheduled = new Set(
    (events ?? [])
      .filter(({ activityTaskScheduledEventAttributes: it }) => it?.activityType?.name === activity)
      .map(({ eventId }) => String(eventId)),
  );
  const attempts = (events ?? []).map(({ activityTaskStartedEventAttributes: it }) =>
    it && scheduled.has(String(it.scheduledEventId)) ? (it.attempt ?? 0) : 0,
  );
  return Math.max(0, ...attempts);
}

async function pendingAttempt(run: WorkflowHandle): Promise<number> {
  const { raw } = await run.describe();
  return Math.max(0, ...(raw.pendingActivities ?? []).map(({ attempt }) => attempt ?? 0));
}
