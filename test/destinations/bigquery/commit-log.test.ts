import assert from 'node:assert/strict';
import {
  logParameters,
  logStatements,
  makeLog,
  readLog,
  versionTaken,
  type LogEntry,
} from '../../../src/destinations/bigquery/commit/commit-log.js';
import type { TableName } from '../../../src/destinations/bigquery/table/table-name.js';
import { createBigQuery } from '../../../src/gateways/bigquery.js';
import { sampleOrigin } from '../support.js';
import { project, withDataset, type TestDataset } from './support.js';

const own = { runKey: 'run1', sink: 'sink' };
const location = 'US';
/** Made anew: only the environment of a test names its emulator. */
const service = () => createBigQuery(project);

function entryOf(version: number, more: Partial<LogEntry> = {}): LogEntry {
  return {
    version,
    kind: 'commit',
    ...own,
    rows: 3,
    bytes: 30,
    manifestSha256: 'manifest',
    cursors: {},
    origin: null,
    jobId: `job-${version}`,
    ...more,
  };
}

describe('bigquery: the log of commits', function () {
  this.timeout(60_000);
  let dataset: TestDataset;
  let table: TableName;
  withDataset((ready) => {
    ({ dataset } = ready);
    table = { project, dataset: dataset.name, table: 'orders' };
  });

  const read = () => readLog(service(), table, location);
  const add = async (entry: LogEntry, of: TableName = table) => {
    const { assertAtBase, add: insert } = logStatements(of);
    await service().query(location, assertAtBase, logParameters(of, entry));
    await service().query(location, insert, logParameters(of, entry));
  };
  const addFences = async (from: number, to: number) => {
    const rows = Array.from(
      { length: to - from + 1 },
      (_, index) =>
        `('orders', ${from + index}, 'fence', 'run2', 'sink', 0, 0, CURRENT_TIMESTAMP())`,
    );
    await dataset.query(
      'INSERT INTO `DATASET._beamline_commits` ' +
        `(table_name, version, kind, run_key, sink, \`rows\`, bytes, committed_at) VALUES ${rows.join(', ')}`,
    );
  };

  it('need not be there, and says then that nobody published', async () => {
    const log = await read();
    assert.deepEqual([log.entries, log.version], [[], 0]);
    assert.equal(await log.own(own), null);
    assert.equal(await log.newest(), null);
  });

  it('is made once, and says when', async () => {
    const made = await makeLog(service(), table);
    assert.match(made, /^\d{13}$/);
    assert.equal(await makeLog(service(), table), made);
  });

  it('reads each entry as it was written', async () => {
    await makeLog(service(), table);
    const begun = Date.now();
    const commit = entryOf(1, {
      cursors: { 'p.orders': { column: 'id', type: 'integer', next: '7', run_key: 'run1' } },
      origin: sampleOrigin,
    });
    const fence = entryOf(2, { kind: 'fence', manifestSha256: null, rows: 0, bytes: 0 });
    await add(commit);
    await add(fence);
    const log = await read();
    assert.equal(log.version, 2);
    assert.deepEqual(
      log.entries.map(({ committedAt: _when, ...entry }) => entry),
      [fence, commit],
    );
    const { committedAt = '', ...last } = (await log.newest()) ?? {};
    assert.deepEqual(last, { runKey: 'run1', origin: commit.origin, mode: null });
    const at = Date.parse(committedAt);
    assert.ok(begun - 1000 <= at && at <= Date.now() + 1000, committedAt);
  });

  it('takes the next version only', async () => {
    await makeLog(service(), table);
    await add(entryOf(1));
    for (const version of [1, 3]) {
      await assert.rejects(add(entryOf(version)), new RegExp(versionTaken));
    }
    assert.equal((await read()).version, 1);
  });

  it('knows again what a run committed for a sink: the last of it, and no fence', async () => {
    await makeLog(service(), table);
    await add(entryOf(1));
    await add(entryOf(2, { rows: 4 }));
    await add(entryOf(3, { runKey: 'run2', rows: 5 }));
    await add(entryOf(4, { sink: 'other', rows: 6 }));
    await add(entryOf(5, { kind: 'fence' }));
    const log = await read();
    assert.equal((await log.own(own))?.version, 2);
    assert.equal((await log.own({ ...own, runKey: 'run2' }))?.version, 3);
    assert.equal((await log.own({ ...own, sink: 'other' }))?.version, 4);
    assert.equal(await log.own({ runKey: 'run2', sink: 'other' }), null);
  });

  it('knows it, too, behind more entries than it reads at once', async () => {
    await makeLog(service(), table);
    await add(entryOf(1));
    await add(entryOf(2, { runKey: 'run3' }));
    for (const [from, to] of [
      [3, 101],
      [102, 102],
    ] as const) {
      await addFences(from, to);
      const log = await read();
      assert.equal(log.version, to);
      assert.equal(log.entries.length, 100);
      assert.equal((await log.own(own))?.version, 1);
      assert.equal((await log.own({ ...own, runKey: 'run3' }))?.version, 2);
      assert.equal(await log.own({ ...own, runKey: 'run2' }), null);
      assert.equal(await log.own({ ...own, sink: 'other' }), null);
      assert.equal((await log.newest())?.runKey, 'run3');
    }
  });

  it('knows nothing of another table of the dataset', async () => {
    await makeLog(service(), table);
    await add(entryOf(1), { ...table, table: 'customers' });
    const log = await read();
    assert.deepEqual([log.entries, await log.own(own), await log.newest()], [[], null, null]);
    await add(entryOf(1, { runKey: 'run2' }));
    assert.equal((await read()).entries[0]?.runKey, 'run2');
  });
});
