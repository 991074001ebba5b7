import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ReadyChild } from '../support/child.js';
import { duckdbRows, query, startRun, writeOrdersPipeline } from '../support/pipeline.js';
import {
  startDatabase,
  startTemporal,
  startWorker,
  temporaryRoot,
  type Database,
  type WorkerReady,
} from '../support/stack.js';

describe('runPipeline, with a real server, database and Beam', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let worker: ReadyChild<WorkerReady>;
  let root: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    [environment, database] = await Promise.all([startTemporal(), startDatabase('postgres')]);
    await query(
      database.ready,
      'CREATE TABLE orders AS SELECT i AS id, i * 1.5::float8 AS amount FROM generate_series(1, 1000) i',
    );
    worker = await startWorker(environment, root);
  });

  after(async () => {
    await worker?.end();
    await database?.end();
    await environment?.teardown();
    await remove();
  });

  it('replaces a table, and does so again without doubling a row', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    for (const version of [1, 2]) {
      const run = await startRun(environment, { config: 'orders.yaml' });
      const receipt = await run.result();
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.rows_read, 1000);
      assert.equal(receipt.sinks[0]?.version, version);
      assert.equal(receipt.sinks[0]?.rows, 1000);
      assert.equal(receipt.steps[0]?.consistency, 'snapshot');
      const store = join(root, '.beamline', 'store');
      assert.ok(existsSync(join(store, 'runs', receipt.run_key, 'receipt.json')));
      assert.ok(!existsSync(join(store, 'staging', receipt.run_key)));
    }
    assert.deepEqual(
      await duckdbRows(
        join(root, 'warehouse.duckdb'),
        'SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids, sum(amount) AS total FROM orders',
      ),
      [{ n: 1000, ids: 1000, total: 750750 }],
    );
  });
});
