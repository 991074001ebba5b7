import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import pLimit from 'p-limit';
import type { ReadyChild } from '../../support/child.js';
import { createHosts, leftovers, wake, type Hosts } from '../../support/hosts.js';
import { duckdbRows, query, startRun, writeOrdersPipeline } from '../../support/pipeline.js';
import { startedEarly } from '../../support/started-early.js';
import { startDatabase, startTemporal, type Database } from '../../support/stack.js';

/** Every step boundary of `runPipeline`, in order; the process that is hit is its prefix. */
const points = [
  'worker:prepared',
  'publisher:inspect:opened',
  'publisher:inspect:done',
  'worker:before-beam',
  'beam:started',
  'beam:staging',
  'beam:before-manifest',
  'beam:after-manifest',
  'worker:beam-finished',
  'worker:audited',
  'worker:before-publish',
  'publisher:publish:opened',
  'publisher:before-commit',
  'publisher:publish:done',
  'worker:after-publish',
  'publisher:files:recorded',
  'publisher:files:shown',
  'worker:receipt-kept',
];
const rows = 20_000;
const count = 'SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids';

describe('a crash or a pause at any step boundary, on two hosts that share no disk', function () {
  this.timeout(240_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  /** Pairs of hosts, and those that are free: each plays one after another. */
  const pairs: Hosts[] = [];
  const free: Hosts[] = [];
  const limit = pLimit(6);

  before(async () => {
    [environment, database] = await Promise.all([startTemporal(), startDatabase('postgres')]);
    await query(
      database.ready,
      `CREATE TABLE orders AS SELECT i AS id, 'row ' || i AS note FROM generate_series(1, ${rows}) i`,
    );
  });
  after(async () => {
    await Promise.all(pairs.map((hosts) => hosts.end()));
    await database?.end();
    await environment?.teardown();
  });

  // Those that wait for a worker that sleeps take the longest.
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const point of points) {
      const outcome = startedEarly(() => limit(() => onFreeHosts(point, signal)));
      before(() => outcome.start());
      it(`${signal} at ${point}: every row once`, () => outcome.result());
    }
  }

  async function onFreeHosts(point: string, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
    const hosts = free.pop() ?? (await startHosts(`crash-${signal}-${point}`));
    try {
      await crashAt(hosts, point, signal);
    } catch (error) {
      for (const worker of hosts.workers) process.stderr.write(worker.stderr());
      throw error;
    }
    free.push(hosts);
  }

  async function startHosts(taskQueue: string): Promise<Hosts> {
    const hosts = await createHosts(environment, taskQueue, 2);
    pairs.push(hosts);
    await Promise.all(hosts.roots.map((_, host) => hosts.start(host)));
    return hosts;
  }

  async function crashAt(
    hosts: Hosts,
    point: string,
    signal: 'SIGKILL' | 'SIGSTOP',
  ): Promise<void> {
    const { roots, taskQueue } = hosts;
    const folder = `${signal}-${point.replaceAll(':', '-')}`;
    for (const root of roots) {
      await writeOrdersPipeline(root, database.ready, { mode: 'append', lake: true, folder });
    }
    await hosts.arm(point, signal);
    const run = await startRun(environment, { config: join(folder, 'orders.yaml') }, { taskQueue });
    const hit = await hosts.hit(point);
    // A worker that died or sleeps is replaced on its own host; a child's worker does that itself.
    const victim = hosts.workers.find(({ pid }) => pid === hit);
    if (victim !== undefined) await hosts.start(victim.host);
    const receipt = await run.result();
    assert.equal(receipt.outcome, 'succeeded');
    assert.deepEqual(
      receipt.sinks.map((sink) => [sink.state, sink.rows, sink.version]),
      [
        ['published', rows, 1],
        ['published', rows, 1],
      ],
    );
    const folders = roots.map((root) => join(root, folder));
    assert.deepEqual(await published(folders), [rows]);
    if (signal === 'SIGSTOP') {
      wake(hit);
      await sleep(4_000); // Longer than a heartbeat needs to tell the sleeper that it was replaced.
      assert.deepEqual(await published(folders), [rows]);
    }
    await victim?.end('SIGKILL');
    assert.deepEqual(await leftovers(roots), []);
  }
});

/** Row counts of the hosts that were published to, each checked to hold every row once, twice over. */
async function published(roots: string[]): Promise<number[]> {
  const counts: number[] = [];
  for (const root of roots) {
    const file = join(root, 'warehouse.duckdb');
    const lake = join(root, 'lake', 'current', '*.parquet');
    if (!(await readdir(root)).includes('warehouse.duckdb')) continue;
    const [log] = await duckdbRows(file, 'SELECT count(*)::int AS commits FROM _beamline.commits');
    if (log?.['commits'] === 0) continue;
    assert.deepEqual(log, { commits: 1 });
    const [table] = await duckdbRows(file, `${count} FROM orders`);
    const [files] = await duckdbRows(file, `${count} FROM read_parquet('${lake}')`);
    assert.deepEqual(files, table);
    assert.equal(table?.['ids'], table?.['n']);
    counts.push(table?.['n'] as number);
  }
  return counts;
}
