import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import * as fc from 'fast-check';
import type { Merge } from '../../../src/destinations/destination.js';
import { publisherOn } from '../../../src/destinations/duckdb/publisher.js';
import type { SourceWindow } from '../../../src/shared/run/window.js';
import { isInWindow, publishNaively, type How } from '../../model/naive.js';
import { contentOf, textOf, type Column, type Row, type Table } from '../../model/rows.js';
import { openStager, type Stager } from '../../model/stager.js';
import { temporaryRoot } from '../../support/stack.js';
import { failureOf, requestOf, withPublisher } from '../in-process.js';
import { ids, onDuckdb, stage } from '../support.js';
import { commits, duckdbSink } from './support.js';

const columns: Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'region', type: 'text' },
  { name: 'amount', type: 'integer' },
  { name: 'note', type: 'text' },
  { name: 'at', type: 'timestamp' },
];

/** A table's rows as the model has them. */
async function contentOfTable(connection: DuckDBConnection, table: string): Promise<string[]> {
  const selected = columns.map((column) => `${textOf(column)} AS "${column.name}"`).join(', ');
  const reader = await connection.runAndReadAll(`SELECT ${selected} FROM ${table}`);
  return contentOf({ columns, rows: reader.getRowObjectsJson() as Row[] });
}

describe('duckdb: merge', function () {
  this.timeout(120_000);
  let root: string;
  let warehouse: string;
  let remove: () => Promise<void>;
  let stager: Stager;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    warehouse = join(root, 'warehouse.duckdb');
    stager = await openStager(join(root, 'model'));
  });
  afterEach(async () => {
    stager.close();
    await remove();
  });

  /** Publishes a query's rows as a merge. */
  const publish = async (query: string, how: Merge, base = 0) => {
    const sink = duckdbSink(root);
    const staged = await stage(root, query);
    const request = requestOf(sink, {
      run: `run${base + 1}`,
      base,
      staged,
      mode: 'merge',
      merge: how,
    });
    return withPublisher(sink, (publisher) => publisher.publish(request));
  };

  it('makes the table, replaces rows with the same key and adds the others', async () => {
    assert.deepEqual((await publish(ids(1, 3), merge(['id']))).rows, 3);
    const query = `SELECT 2 AS id, 'two' AS name UNION ALL SELECT 9, 'nine'`;
    const commit = await publish(query, merge(['ID']), 1);
    assert.deepEqual([commit.rows, commit.replaced], [2, 1]);
    // What is adopted after a crash says the same.
    assert.deepEqual(await publish(query, merge(['ID']), 1), { ...commit, adopted: true });
    assert.deepEqual(await onDuckdb(warehouse, 'SELECT * FROM orders ORDER BY id'), [
      { id: '1', name: 'name 1' },
      { id: '2', name: 'two' },
      { id: '3', name: 'name 3' },
      { id: '9', name: 'nine' },
    ]);
  });

  it('leaves rows of the table whose key is NULL, and rows without a counterpart, as they are', async () => {
    await onDuckdb(
      warehouse,
      `CREATE TABLE orders AS SELECT * FROM (VALUES (NULL::BIGINT, 'none'), (1, 'one')) AS t (id, name)`,
    );
    await publish(`SELECT 1 AS id, 'new' AS name`, merge(['id']));
    const rows = await onDuckdb(warehouse, 'SELECT name FROM orders ORDER BY name');
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['new', 'none'],
    );
  });

  it("keeps to a table's own primary key and unique columns, also where keys move between rows", async () => {
    await onDuckdb(
      warehouse,
      `CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR UNIQUE);
       INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
    );
    await publish(
      `SELECT * FROM (VALUES (1::BIGINT, 'b'), (2, 'a')) AS t (id, name)`,
      merge(['id']),
    );
    assert.deepEqual(await onDuckdb(warehouse, 'SELECT * FROM orders ORDER BY id'), [
      { id: '1', name: 'b' },
      { id: '2', name: 'a' },
      { id: '3', name: 'c' },
    ]);
    const taken = await failureOf(publish(`SELECT 9::BIGINT AS id, 'c' AS name`, merge(['id']), 1));
    assert.equal(taken.type, 'DataError');
    assert.equal((await onDuckdb(warehouse, 'SELECT * FROM orders')).length, 3);
  });

  it('finds keys of a wider type in the table, exactly', async () => {
    await onDuckdb(
      warehouse,
      `CREATE TABLE orders (id DECIMAL(38,0), name VARCHAR);
       INSERT INTO orders VALUES (9007199254740993, 'old'), (9007199254740992, 'near')`,
    );
    await publish(`SELECT 9007199254740993 AS id, 'new' AS name`, merge(['id']));
    assert.deepEqual(await onDuckdb(warehouse, 'SELECT name FROM orders ORDER BY id'), [
      { name: 'near' },
      { name: 'new' },
    ]);
  });

  const window: SourceWindow = {
    column: 'at',
    type: 'timestamp',
    low: '2026-01-01T00:00:00.000000',
    low_inclusive: true,
    high: '2026-01-02T00:00:00.000000',
    next: '2026-01-02T00:00:00.000000',
    basis: 'record',
  };

  const refused: { what: string; query: string; how: Merge; type: string; why: RegExp }[] = [
    {
      what: 'a NULL key, with the count',
      query: 'SELECT NULL::BIGINT AS id, NULL::BIGINT AS n FROM range(3)',
      how: merge(['id', 'n']),
      type: 'DataError',
      why: /merge key `id` is NULL in 3 rows, merge key `n` is NULL in 3 rows.*Nothing was written/,
    },
    {
      what: 'a key that the run does not bring',
      query: ids(1, 1),
      how: merge(['id', 'region']),
      type: 'ConfigError',
      why: /`merge_keys` names `region`, which the run does not bring \(`id`, `name`\)/,
    },
    {
      what: 'an order that the run does not bring',
      query: ids(1, 1),
      how: merge(['id'], { order: ['at'] }),
      type: 'ConfigError',
      why: /`merge_order` names `at`/,
    },
    {
      what: 'several rows of one key without an order, equal ones too',
      query: 'SELECT 1::BIGINT AS id FROM range(2)',
      how: merge(['id']),
      type: 'DataError',
      why: /1 value of `id` in several rows of the run.*Set `merge_order`/,
    },
    {
      what: 'rows that differ and are equal in the order',
      query: 'SELECT 1::BIGINT AS id, range AS n, 5 AS o FROM range(2)',
      how: merge(['id'], { order: ['o'] }),
      type: 'DataError',
      why: /differ and are equal in `merge_order` `o`/,
    },
    {
      what: 'a row outside the window',
      query: `${at('2026-01-01 12:00:00')} UNION ALL ${at('2026-01-02 00:00:00')}`,
      how: merge(['at'], { window }),
      type: 'DataError',
      why: /`at` of 1 row is outside of what was read, from 2026-01-01T00:00:00 to before 2026-01-02/,
    },
    {
      what: 'a window of another type than the column',
      query: at('2026-01-01', 'DATE'),
      how: merge(['at'], { window }),
      type: 'ConfigError',
      why: /`at` is DATE here, and its source is read in windows of type timestamp/,
    },
  ];
  for (const { what, query, how, type, why } of refused) {
    it(`refuses ${what}`, async () => {
      const failure = await failureOf(publish(query, how));
      assert.equal(failure.type, type);
      assert.match(failure.message, why);
      assert.deepEqual(await commits(root), []);
    });
  }

  it('refuses a table without the key, whatever it does about other columns', async () => {
    await onDuckdb(warehouse, 'CREATE TABLE orders (name VARCHAR)');
    for (const onSchemaChange of ['fail', 'add_columns', 'discard'] as const) {
      const staged = await stage(root, ids(1, 1));
      const sink = duckdbSink(root);
      const request = requestOf(sink, {
        run: 'run1',
        base: 0,
        staged,
        mode: 'merge',
        merge: merge(['id']),
        onSchemaChange,
      });
      const failure = await failureOf(withPublisher(sink, (one) => one.publish(request)));
      assert.equal(failure.type, 'DataError');
      assert.match(failure.message, /the table has no column `id`/);
    }
  });

  describe('equals a naive model after each publish', () => {
    const seed = Number(process.env['BEAMLINE_TEST_SEED'] ?? Date.now() % 1_000_000_000);
    const moment = fc.integer({ min: 0, max: 5 }).map((hour) => `2026-01-01T0${hour}:00:00.000000`);
    const row: fc.Arbitrary<Row> = fc.record({
      id: fc.option(small(4), { freq: 40 }),
      region: fc.option(fc.constantFrom('north', 'south', ''), { freq: 40 }),
      amount: fc.option(small(3)),
      note: fc.option(fc.constantFrom('a', 'B', "it's", 'é')),
      at: fc.option(moment, { freq: 20 }),
    });
    const rows = fc.array(row, { maxLength: 7 });
    const runs = { numRuns: 150, seed, endOnFailure: false };
    let tables = 0;
    let connection: DuckDBConnection;

    beforeEach(async () => {
      connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    });
    afterEach(() => connection.closeSync());

    /**
     * Publishes the batches to a new table, each as asked, and compares table and model after each.
     * @returns how many were published, the others being refused as they must be
     */
    async function play(batches: { rows: Row[]; merge: Merge }[]): Promise<number> {
      const table = `t${++tables}`;
      const target = { schema: 'main', table };
      const publisher = await publisherOn(connection, target, ':memory:');
      let model: Table | null = null;
      let version = 0;
      for (const [index, { rows: given, merge: asked }] of batches.entries()) {
        const batch = { columns, rows: given };
        const how: How = { mode: 'merge', merge: asked, onSchemaChange: 'fail' };
        const staged = await stager.stage(batch);
        const run = `run${index}`;
        const request = requestOf(duckdbSink(root), { run, base: version, staged, ...how });
        const expected = publishNaively(model, batch, how);
        const published = publisher.publish(request);
        if (typeof expected === 'string') {
          assert.equal((await failureOf(published)).type, expected);
        } else {
          version = (await published).version;
          model = expected;
        }
        if (model !== null) {
          assert.deepEqual(await contentOfTable(connection, table), contentOf(model));
        }
      }
      return version;
    }

    it(`for one key or two, with an order and without (seed ${seed})`, async () => {
      const how = fc.record({
        keys: fc.constantFrom<string[][]>(['id'], ['id', 'region']),
        order: fc.constantFrom<(string[] | null)[]>(null, ['amount'], ['at', 'amount', 'note']),
      });
      const batch = fc.record({ rows, how, unique: fc.boolean() });
      let published = 0;
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
          asked += batches.length;
          published += await play(
            batches.map(({ rows: given, unique, how: { keys, order } }) => ({
              rows: unique ? given.filter(isNew(keys)) : given,
              merge: merge(keys, { order }),
            })),
          );
        }),
        runs,
      );
      assertBothWays(published, asked);
    });

    it(`for windows of the column that is the key (seed ${seed})`, async () => {
      const bounds = fc.record({
        low: fc.option(moment, { freq: 4 }),
        high: moment,
        low_inclusive: fc.boolean(),
      });
      const batch = fc.record({
        rows,
        bounds,
        fits: fc.integer({ min: 0, max: 9 }).map((n) => n !== 0),
      });
      let published = 0;
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
          asked += batches.length;
          published += await play(
            batches.map(({ rows: given, fits, bounds: chosen }) => {
              const ofBatch = { ...window, ...chosen };
              return {
                rows: fits
                  ? given.filter(({ at: value = null }) => isInWindow(value, ofBatch))
                  : given,
                merge: merge(['at'], { window: ofBatch }),
              };
            }),
          );
        }),
        runs,
      );
      assertBothWays(published, asked);
    });
  });
});

/** A property that nearly always refuses, or never, would show little. */
function assertBothWays(published: number, asked: number): void {
  const text = `${published} of ${asked} batches were published`;
  assert.ok(published > asked / 4 && published < asked, text);
}

function merge(keys: string[], more: Partial<Merge> = {}): Merge {
  return { keys, order: null, window: null, ...more };
}

function at(text: string, type = 'TIMESTAMP'): string {
  return `SELECT ${type} '${text}' AS at, 1::BIGINT AS n`;
}

/** Digits of the numbers below `count`. */
function small(count: number): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max: count - 1 }).map(String);
}

/** Keeps the first row of each key. */
function isNew(keys: string[]) {
  return (one: Row, index: number, all: Row[]): boolean =>
    all.findIndex((other) => keys.every((key) => other[key] === one[key])) === index;
}
