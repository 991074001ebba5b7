import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import { requestOf, withPublisher } from '../in-process.js';
import { ids, onDuckdb, stage } from '../support.js';
import { commits, duckdbSink, tableIds } from './support.js';

describe('duckdb: a database whose log is of before there were windows', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    await onDuckdb(
      join(root, 'warehouse.duckdb'),
      `CREATE TABLE orders AS ${ids(1, 2)};
       CREATE SCHEMA _beamline;
       CREATE TABLE _beamline.commits (
         "table" VARCHAR, version BIGINT, kind VARCHAR, run_key VARCHAR, sink VARCHAR,
         "rows" BIGINT, bytes BIGINT, manifest_sha256 VARCHAR, committed_at TIMESTAMPTZ,
         PRIMARY KEY ("table", version));
       INSERT INTO _beamline.commits VALUES
         ('main.orders', 1, 'commit', 'run1', 'sink', 2, 100, 'manifest of run1', now())`,
    );
  });
  afterEach(() => remove());

  it('goes on from it: version, own commits and greatest value are as they were', async () => {
    const sink = duckdbSink(root);
    await withPublisher(sink, async (publisher) => {
      assert.equal((await publisher.inspect({ runKey: 'run2', sink: 'sink' })).version, 1);
      assert.deepEqual(await publisher.position([{ key: 'p.s', column: 'id' }]), {
        cursors: {},
        greatest: { 'p.s': { type: 'integer', value: '2' } },
        empty: false,
        last: null,
        commits: [{ runKey: 'run1', sink: 'sink' }],
      });
      const retried = requestOf(sink, {
        run: 'run1',
        base: 0,
        staged: await stage(root, ids(1, 2)),
      });
      assert.equal((await publisher.publish(retried)).adopted, true);
    });
    const window = {
      key: 'p.s',
      column: 'id',
      type: 'integer' as const,
      low: '2',
      low_inclusive: false,
      high: '4',
      next: '4',
      basis: 'destination' as const,
    };
    const staged = await stage(root, ids(3, 3));
    const request = requestOf(sink, {
      run: 'run2',
      base: 1,
      staged,
      mode: 'append',
      windows: [window],
    });
    await withPublisher(sink, (publisher) => publisher.publish(request));
    const { cursors } = await withPublisher(sink, (publisher) => publisher.position([]));
    assert.equal(cursors['p.s']?.next, '4');
    assert.deepEqual(await tableIds(root), ['1', '2', '3']);
    assert.equal((await commits(root)).length, 2);
  });
});
