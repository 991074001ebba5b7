import assert from 'node:assert/strict';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import {
  openCommitLog,
  type CommitEntry,
  type CommitLog,
} from '../../../src/destinations/duckdb/commit-log.js';
import type { CommitIdentity } from '../../../src/destinations/destination.js';
import { sampleOrigin } from '../support.js';

const target = { schema: 'main', table: 'orders' };

function identityOf(runKey: string, baseVersion: number, sink = 'sink'): CommitIdentity {
  return { destination: 'duckdb:orders', baseVersion, runKey, sink };
}

function entryOf(more: Partial<CommitEntry> = {}): CommitEntry {
  return {
    rows: 3,
    bytes: 30,
    manifestSha256: 'manifest',
    mode: 'append',
    cursors: {},
    origin: sampleOrigin,
    ...more,
  };
}

const idUpTo = (next: string) => ({ column: 'id', type: 'integer', next }) as const;

describe('duckdb: the log of commits', () => {
  let connection: DuckDBConnection;
  let log: CommitLog;

  beforeEach(async () => {
    connection = await (await DuckDBInstance.create(':memory:')).connect();
    log = await openCommitLog(connection, target);
  });
  afterEach(() => connection.closeSync());

  it('is made at first use, and says that nobody published', async () => {
    assert.equal(await log.version(), 0);
    assert.equal(await log.own({ runKey: 'run1', sink: 'sink' }), null);
    assert.equal(await log.newest(), null);
    assert.deepEqual(await log.cursors(), {});
    assert.deepEqual(await log.history(), { last: null, commits: [] });
    await log.assertAtBase(identityOf('run1', 0));
  });

  it('knows again what a run committed for a sink: the last of it, and no fence', async () => {
    await log.addCommit(identityOf('run1', 0), entryOf());
    await log.addCommit(identityOf('run2', 1), entryOf({ rows: 5 }));
    await log.addCommit(
      identityOf('run1', 2),
      entryOf({ rows: 4, bytes: 40, manifestSha256: 'second' }),
    );
    await log.addFence(identityOf('run1', 3));
    assert.deepEqual(await log.own({ runKey: 'run1', sink: 'sink' }), {
      commit: { version: 3, rows: 4, bytes: 40 },
      manifestSha256: 'second',
    });
    assert.equal(await log.own({ runKey: 'run1', sink: 'other' }), null);
    assert.equal(await log.own({ runKey: 'run3', sink: 'sink' }), null);
    assert.equal(await log.version(), 4);
  });

  it('gives each version once, to a commit or a fence, and takes none but the next', async () => {
    await log.addCommit(identityOf('run1', 0), entryOf());
    await assert.rejects(log.addCommit(identityOf('run2', 0), entryOf()), /[Cc]onstraint/);
    await assert.rejects(log.addFence(identityOf('run2', 0)), /[Cc]onstraint/);
    for (const base of [0, 2]) {
      await assert.rejects(log.assertAtBase(identityOf('run2', base)), {
        type: 'VersionTaken',
        message:
          '"main"."orders" is at version 1 (commit of run run1), ' +
          `this publish builds on version ${base}: nothing was written`,
      });
    }
    await log.assertAtBase(identityOf('run2', 1));
    await log.addFence(identityOf('run2', 1));
    await assert.rejects(
      log.assertAtBase(identityOf('run1', 1)),
      /version 2 \(fence of run run2\)/,
    );
  });

  it('of a table that somebody emptied names nobody', async () => {
    await assert.rejects(log.assertAtBase(identityOf('run1', 7)), {
      type: 'VersionTaken',
      message: /is at version 0, this publish builds on version 7/,
    });
  });

  it('tells the newest commit behind fences, as it was logged', async () => {
    const begun = new Date().toISOString();
    const entry = entryOf({ mode: 'merge' });
    await log.addCommit(identityOf('run1', 0), entry);
    await log.addFence(identityOf('run2', 1));
    const { committedAt = '', ...newest } = (await log.newest()) ?? {};
    assert.deepEqual(newest, { runKey: 'run1', origin: entry.origin, mode: 'merge' });
    assert.match(committedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(begun <= committedAt && committedAt <= new Date().toISOString(), committedAt);
    const { last, commits } = await log.history();
    assert.deepEqual(last, { ...entry.origin, runKey: 'run1', sink: 'sink', readAt: null });
    assert.deepEqual(commits, [{ runKey: 'run1', sink: 'sink' }]);
  });

  it('of before there were windows tells its newest commit without origin and mode', async () => {
    await connection.run(
      `INSERT INTO _beamline.commits BY NAME SELECT 'main.orders' AS "table", 1 AS version,
         'commit' AS kind, 'run1' AS run_key, 'sink' AS sink, now() AS committed_at`,
    );
    const { origin, mode } = (await log.newest()) ?? {};
    assert.deepEqual([origin, mode], [null, null]);
    assert.deepEqual(await log.history(), {
      last: null,
      commits: [{ runKey: 'run1', sink: 'sink' }],
    });
  });

  it('says of each source where it stands, since the last `replace`', async () => {
    const add = (run: string, base: number, more: Partial<CommitEntry>) =>
      log.addCommit(identityOf(run, base), entryOf(more));
    await add('run1', 0, { cursors: { 'p.a': idUpTo('1'), 'p.b': idUpTo('5') } });
    await add('run2', 1, { cursors: { 'p.b': idUpTo('9') } });
    await add('run3', 2, { cursors: {} });
    await log.addFence(identityOf('run4', 3));
    assert.deepEqual(await log.cursors(), {
      'p.a': { ...idUpTo('1'), runKey: 'run1' },
      'p.b': { ...idUpTo('9'), runKey: 'run2' },
    });
    await add('run5', 4, { mode: 'replace', cursors: { 'p.a': idUpTo('3') } });
    assert.deepEqual(await log.cursors(), { 'p.a': { ...idUpTo('3'), runKey: 'run5' } });
    await add('run6', 5, { mode: 'replace', cursors: {} });
    assert.deepEqual(await log.cursors(), {});
  });

  it('knows nothing of another table, and a table by its name in whatever case', async () => {
    await log.addCommit(identityOf('run1', 0), entryOf({ cursors: { 'p.a': idUpTo('1') } }));
    const same = await openCommitLog(connection, { schema: 'MAIN', table: 'Orders' });
    assert.equal(await same.version(), 1);
    const other = await openCommitLog(connection, { schema: 'main', table: 'customers' });
    assert.equal(await other.version(), 0);
    assert.equal(await other.own({ runKey: 'run1', sink: 'sink' }), null);
    assert.equal(await other.newest(), null);
    assert.deepEqual(await other.cursors(), {});
    assert.deepEqual((await other.history()).commits, []);
    await other.addCommit(identityOf('run2', 0), entryOf({ mode: 'replace' }));
    assert.deepEqual(Object.keys(await log.cursors()), ['p.a']);
  });
});
