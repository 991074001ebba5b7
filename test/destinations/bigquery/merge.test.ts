import assert from 'node:assert/strict';
import { bigqueryParameters } from '../../../src/destinations/bigquery/table/parameters.js';
import { openTable } from '../../../src/destinations/bigquery/publisher.js';
import { parseTableName } from '../../../src/destinations/bigquery/table/table-name.js';
import type { Position, PublishRequest } from '../../../src/destinations/destination.js';
import { createBigQuery } from '../../../src/gateways/bigquery.js';
import {
  done,
  failed,
  positionTask,
  publishTask,
  stage,
  stageTypes,
  type Publishing,
} from '../support.js';
import { project, type TestDataset, withDataset } from './support.js';

const byId = { keys: ['id'], order: null, window: null };
const day = (low: string | null, high: string) => ({
  key: 'orders.source',
  column: 'day',
  type: 'date' as const,
  low,
  low_inclusive: true,
  high,
  next: high,
  basis: 'record' as const,
});

const rows = (...values: string[]) =>
  `SELECT id::BIGINT AS id, name::VARCHAR AS name, day::DATE AS day FROM (VALUES ${values.join(', ')}) AS t(id, name, day)`;

const merging = (merge: Partial<PublishRequest['merge']> = {}): Partial<Publishing> => ({
  mode: 'merge',
  merge: { ...byId, ...merge },
});

describe('bigquery: merge and windows', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => {
    ({ root, dataset } = ready);
  });

  const publish = async (
    run: string,
    base: number,
    query: string,
    rest: Partial<Publishing> = {},
  ) => publishTask(dataset.sink(), { run, base, staged: await stage(root, query), ...rest });
  const table = () => dataset.query('SELECT id, name, day FROM `DATASET.orders` ORDER BY id, name');

  it('replaces the rows of its keys and adds the others; twice changes nothing', async () => {
    await done(await publish('run1', 0, rows(`(1,'a','2026-01-01')`, `(2,'b','2026-01-01')`)));
    const task = await publish('run2', 1, rows(`(2,'B',NULL)`, `(3,'c','2026-01-03')`), merging());
    const commit = await done(task);
    assert.deepEqual([commit.rows, commit.replaced], [2, 1]);
    assert.deepEqual(await done(task), { ...commit, adopted: true });
    assert.deepEqual(await table(), [
      ['1', 'a', '2026-01-01'],
      ['2', 'B', null],
      ['3', 'c', '2026-01-03'],
    ]);
    assert.deepEqual(await dataset.staging(), []);
  });

  it("is done, whether or not the service can say in how many rows' place it put its own", async () => {
    await done(await publish('run1', 0, rows(`(1,'a','2026-01-01')`), merging()));
    const mute = [() => Promise.resolve(null), () => Promise.reject(new Error('quota'))];
    for (const [index, replacedRows] of mute.entries()) {
      const service = { ...createBigQuery(project), replacedRows };
      const parameters = bigqueryParameters.parse(dataset.sink().parameters);
      const table = openTable(service, parseTableName(parameters.table), parameters);
      const task = await publish(`r${index}`, index + 1, rows(`(1,'b',NULL)`), merging());
      assert.ok(task.action.kind === 'publish');
      const commit = await table.publish(task.action.request);
      assert.deepEqual([commit.version, commit.rows, commit.replaced], [index + 2, 1, undefined]);
    }
  });

  it('a first merge makes the table, and keys of several columns are a key together', async () => {
    const keys = ['ID', 'name'];
    await done(await publish('run1', 0, rows(`(1,'a',NULL)`, `(1,'b',NULL)`), merging({ keys })));
    await done(await publish('run2', 1, rows(`(1,'b','2026-01-02')`), merging({ keys })));
    assert.deepEqual(await table(), [
      ['1', 'a', null],
      ['1', 'b', '2026-01-02'],
    ]);
  });

  it('of several rows with one key, the one with the greatest merge_order counts', async () => {
    const twice = rows(`(1,'new','2026-01-02')`, `(1,'old','2026-01-01')`, `(1,'null',NULL)`);
    await done(await publish('run1', 0, twice, merging({ order: ['day'] })));
    assert.deepEqual(await table(), [['1', 'new', '2026-01-02']]);
  });

  it('refuses several rows with one key without merge_order, and keys that are NULL', async () => {
    await done(await publish('run1', 0, rows(`(1,'a',NULL)`)));
    const twice = rows(`(7,'a',NULL)`, `(7,'b',NULL)`, `(8,'a',NULL)`);
    const repeated = await failed(await publish('run2', 1, twice, merging()));
    assert.equal(repeated.type, 'DataError');
    assert.match(
      repeated.message,
      /1 value of `id` more than once, such as \(7\): set `merge_order`/,
    );
    const noKey = await failed(await publish('run3', 1, rows(`(NULL,'a',NULL)`), merging()));
    assert.equal(noKey.type, 'DataError');
    assert.match(noKey.message, /merge key `id` is NULL in 1 of 1 row/);
    const unknown = await failed(
      await publish('run4', 1, rows(`(1,'a',NULL)`), merging({ keys: ['nr'] })),
    );
    assert.equal(unknown.type, 'ConfigError');
    assert.match(unknown.message, /`merge_keys` names `nr`, which the run does not bring/);
    assert.deepEqual(await table(), [['1', 'a', null]]);
    assert.deepEqual(await dataset.staging(), []);
  });

  it('refuses a key that is NaN, which would be there once more after each merge', async () => {
    const staged = await stageTypes(root, 'nan_key');
    const merge = { keys: ['id'], order: null, window: null };
    const task = publishTask(dataset.sink(), { run: 'r', base: 0, mode: 'merge', merge, staged });
    const end = await failed(task);
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /merge key `id` is NaN in 1 of 2 rows: it equals nothing/);
  });

  it('where the key is the cursor, every row of the window is replaced', async () => {
    await done(
      await publish(
        'run1',
        0,
        rows(
          `(1,'a','2026-01-01')`,
          `(2,'b','2026-01-02')`,
          `(3,'c','2026-01-03')`,
          `(4,'d',NULL)`,
        ),
      ),
    );
    const window = day('2026-01-02', '2026-01-04');
    const task = await publish('run2', 1, rows(`(5,'e','2026-01-02')`, `(6,'f','2026-01-02')`), {
      ...merging({ keys: ['day'], window }),
      windows: [window],
    });
    assert.equal((await done(task)).replaced, 2);
    await done(task);
    assert.deepEqual(await table(), [
      ['1', 'a', '2026-01-01'],
      ['4', 'd', null],
      ['5', 'e', '2026-01-02'],
      ['6', 'f', '2026-01-02'],
    ]);
  });

  it('a table that asks for a filter of its partitions can be merged into', async () => {
    const sink = dataset.sink({
      partitioning: 'DAY',
      partitioning_field: 'day',
      require_partition_filter: true,
      clustering: 'id',
    });
    const merge = byId;
    const first = await stage(root, rows(`(1,'a','2026-01-01')`, `(2,'b',NULL)`));
    await done(publishTask(sink, { run: 'run1', base: 0, staged: first, mode: 'merge', merge }));
    const second = await stage(root, rows(`(1,'A','2026-01-05')`, `(2,'B','2026-01-06')`));
    await done(publishTask(sink, { run: 'run2', base: 1, staged: second, mode: 'merge', merge }));
    const position = await done<Position>(positionTask(sink, ['p.s'], 'day'));
    assert.deepEqual(position.greatest, { 'p.s': { type: 'date', value: '2026-01-06' } });
    const found = await dataset.query(
      "SELECT id, name FROM `DATASET.orders` WHERE day > '2026-01-01' ORDER BY id",
    );
    assert.deepEqual(found, [
      ['1', 'A'],
      ['2', 'B'],
    ]);
  });

  it('remembers where each source stands, and refuses an append of a window again', async () => {
    const first = day(null, '2026-01-02');
    await done(
      await publish('run1', 0, rows(`(1,'a','2026-01-01')`), { mode: 'append', windows: [first] }),
    );
    const second = day('2026-01-02', '2026-01-03');
    await done(
      await publish('run2', 1, rows(`(2,'b','2026-01-02')`), { mode: 'append', windows: [second] }),
    );
    const position = await done<Position>(
      positionTask(dataset.sink(), ['orders.source', 'other'], 'day'),
    );
    assert.deepEqual(position.cursors, {
      'orders.source': { column: 'day', type: 'date', next: '2026-01-03' },
    });
    assert.deepEqual(position.greatest, { other: { type: 'date', value: '2026-01-02' } });
    assert.equal(position.last?.runKey, 'run2');
    assert.equal(position.last?.pipeline, 'test');
    assert.deepEqual(position.commits, [
      { runKey: 'run2', sink: 'sink' },
      { runKey: 'run1', sink: 'sink' },
    ]);
    for (const window of [second, day(null, '2026-01-09')]) {
      const task = await publish('run3', 2, rows(`(2,'b','2026-01-02')`), {
        mode: 'append',
        windows: [window],
      });
      const end = await failed(task);
      assert.equal(end.type, 'WindowCommitted');
      assert.match(end.message, /before day 2026-01-03 already \(run run2\)/);
    }
    const again = await publish('run3', 2, rows(`(2,'b','2026-01-02')`), {
      mode: 'append',
      windows: [second],
      again: true,
    });
    await done(again);
    assert.deepEqual(await dataset.ids(), ['1', '2', '2']);
  });

  it('tells the greatest value of each type that a window can have', async () => {
    const staged = `SELECT 5::BIGINT AS id, '2026-01-31 09:30:00'::TIMESTAMP AS naive,
      '1969-12-31 23:59:59.000001+00'::TIMESTAMPTZ AS instant, 'x' AS name`;
    await done(await publish('run1', 0, staged));
    const max = async (column: string) =>
      (await done<Position>(positionTask(dataset.sink(), ['p.s'], column))).greatest['p.s'];
    assert.deepEqual(await max('id'), { type: 'integer', value: '5' });
    assert.deepEqual(await max('naive'), {
      type: 'timestamp',
      value: '2026-01-31T09:30:00.000000',
    });
    assert.deepEqual(await max('instant'), {
      type: 'timestamptz',
      value: '1969-12-31T23:59:59.000001Z',
    });
    assert.match(
      (await failed(positionTask(dataset.sink(), ['p.s'], 'name'))).message,
      /has the STRING column `name`/,
    );
    assert.match(
      (await failed(positionTask(dataset.sink(), ['p.s'], 'none'))).message,
      /has no column `none`/,
    );
  });
});
