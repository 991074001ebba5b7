import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ApplicationFailure } from '@temporalio/common';
import { createRunBeam } from '../../src/runners/local/run-beam.js';
import { createUploadRun } from '../../src/runners/dataflow/activities/upload-run.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import { storePaths } from '../../src/store/local-store.js';
import type { RunReference } from '../../src/workflows/contract/activities.js';
import type { ReadyChild } from '../support/child.js';
import { onDuckdb } from '../destinations/support.js';
import { query } from '../support/pipeline.js';
import { profileOf, startDatabase, temporaryRoot, type Database } from '../support/stack.js';
import { inActivity, openProject, pin, targetOf, type Project } from './support.js';

const wrong: { sql: string; sink: Partial<PlannedSink>; why: RegExp }[] = [
  {
    sql: 'SELECT id AS "order no" FROM orders',
    sink: { module: 'bigquery', parameters: { table: 'proj-a:shop.orders' } },
    why: /sinks\[0\]\.input +sink `out`: BigQuery does not take the name `order no`/,
  },
  {
    sql: 'SELECT id, 1 AS "ID" FROM orders',
    sink: { module: 'duckdb', parameters: { database: 'w.duckdb', table: 'orders' } },
    why: /sinks\[0\]\.input +sink `out`: columns `id` and `ID` differ only in upper and lower case/,
  },
  {
    sql: 'SELECT id, 1 AS n FROM orders',
    sink: {
      module: 'duckdb',
      mode: 'merge',
      merge: { keys: ['nr'], order: null },
      parameters: { database: 'w.duckdb', table: 'orders' },
    },
    why: /sinks\[0\]\.merge_keys +sink `out`: `merge_keys` names `nr`/,
  },
  {
    sql: 'SELECT id, 0.5::float8 AS ratio FROM orders',
    sink: { module: 'files', parameters: { path: 'lake', partition_by: ['ratio'] } },
    why: /sinks\[0\]\.parameters\.partition_by +sink `out`: .*`ratio` is double/,
  },
];

describe('a run of columns that a destination cannot take', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  let database: ReadyChild<Database>;
  let project: Project;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    database = await startDatabase('postgres', ['--dir', join(root, 'database')]);
    project = await openProject(root, 'http://127.0.0.1:9');
    const profiles = JSON.stringify({ shop: profileOf(database.ready) });
    await writeFile(join(root, '.connections.json'), profiles);
  });
  beforeEach(async () => {
    await query(database.ready, 'DROP TABLE IF EXISTS orders; CREATE TABLE orders (id int)');
    await query(database.ready, 'INSERT INTO orders VALUES (1), (2), (3)');
  });
  after(async () => {
    await database?.end();
    await remove();
  });

  const runOf = (sql: string, sink: Partial<PlannedSink>): Promise<RunReference> => {
    const out = { name: 'out', input: 'orders', module: 'duckdb', mode: 'replace' } as const;
    const destination = 'warehouse';
    const plan = {
      sources: [
        { name: 'orders', module: 'postgres', parameters: { query: sql, profile: 'shop' } },
      ],
      sinks: [{ ...out, on_empty: 'truncate' as const, destination, parameters: {}, ...sink }],
    };
    return pin(project, 'run1', plan, join(root, '.connections.json'));
  };
  const rowsRead = async (): Promise<unknown> => {
    const sql = `SELECT seq_tup_read::int AS rows FROM pg_stat_user_tables WHERE relname = 'orders'`;
    return (await query(database.ready, sql))[0]?.['rows'];
  };
  const assertUnread = async (): Promise<void> => {
    assert.equal(await rowsRead(), 0);
    const staging = storePaths.staging(project.deps.store, 'run1');
    assert.deepEqual(existsSync(staging) ? await readdir(staging) : [], []);
  };

  for (const { sql, sink, why } of wrong) {
    it(`reads nothing: ${sink.module ?? ''}, ${why.source}`, async () => {
      const run = await runOf(sql, sink);
      const error = await inActivity(createRunBeam(project.deps), run).catch((e: unknown) => e);
      assert.ok(error instanceof ApplicationFailure, String(error));
      assert.equal(error.type, 'ConfigError');
      assert.equal(error.nonRetryable, true);
      assert.deepEqual(error.details, [{ step: 'out' }]);
      assert.match(error.message, why);
      assert.match(error.message, /Nothing was read\.$/);
      await assertUnread();
    });
  }

  it('names file and line of the config, as long as that has the same sinks', async () => {
    const [first = assert.fail()] = wrong;
    const config = join(root, 'orders.yaml');
    await writeFile(config, 'name: orders\nsinks:\n  - name: out\n    input: orders\n');
    const run = { ...(await runOf(first.sql, first.sink)), config };
    const failing = () => inActivity(createRunBeam(project.deps), run);
    await assert.rejects(failing, /orders\.yaml:4:12 +sinks\[0\]\.input/);
    await writeFile(config, 'name: orders\nsinks: []\n');
    await assert.rejects(failing, /the pinned plan +sinks\[0\]\.input/);
  });

  it('launches no job, and uploads nothing', async () => {
    const [first = assert.fail()] = wrong;
    const run = await runOf(first.sql, first.sink);
    const upload = createUploadRun(project.deps);
    const target = targetOf('gs://bucket/store');
    await assert.rejects(() => inActivity(upload, run, target, true), first.why);
    await assertUnread();
  });

  for (const activity of ['runBeam', 'uploadRun'] as const) {
    it(`of which the table that is there has not all: ${activity} refuses them`, async () => {
      await onDuckdb(join(root, 'there.duckdb'), 'CREATE OR REPLACE TABLE orders (id INTEGER)');
      const parameters = { database: 'there.duckdb', table: 'orders' };
      const sink = { module: 'duckdb', mode: 'append', parameters } as const;
      const run = await runOf('SELECT id, 1 AS extra FROM orders', sink);
      const error = await (
        activity === 'runBeam'
          ? inActivity(createRunBeam(project.deps), run)
          : inActivity(createUploadRun(project.deps), run, targetOf('gs://bucket/store'), true)
      ).catch((e: unknown) => e);
      assert.ok(error instanceof ApplicationFailure, String(error));
      assert.equal(error.type, 'DataError');
      assert.deepEqual(error.details, [{ step: 'out' }]);
      assert.match(error.message, /the table has no column `extra`.*Nothing was written/);
    });
  }

  it('whose table cannot be looked at now is read all the same: the publish tells', async () => {
    const held = await DuckDBInstance.create(join(root, 'held.duckdb'));
    const connection = await held.connect();
    try {
      await connection.run('CREATE TABLE orders (other INTEGER)');
      const parameters = { database: 'held.duckdb', table: 'orders' };
      const sink = { module: 'duckdb', mode: 'append', parameters } as const;
      const run = await runOf('SELECT id FROM orders', sink);
      assert.ok(existsSync((await inActivity(createRunBeam(project.deps), run)).manifestUri));
    } finally {
      connection.closeSync();
      held.closeSync();
    }
  });

  it('reads what every sink takes', async () => {
    const sql = 'SELECT id FROM orders';
    const sink = { module: 'duckdb', parameters: { database: 'w.duckdb', table: 'orders' } };
    const { manifestUri } = await inActivity(createRunBeam(project.deps), await runOf(sql, sink));
    assert.ok(existsSync(manifestUri));
    assert.equal(await rowsRead(), 3);
  });
});
