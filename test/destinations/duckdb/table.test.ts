import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import { done, failed, ids, onDuckdb, publishTask, stage, stageTypes } from '../support.js';
import { commits, duckdbSink, tableIds } from './support.js';

describe('duckdb: the table', () => {
  let root: string;
  let warehouse: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    warehouse = join(root, 'warehouse.duckdb');
  });
  afterEach(() => remove());

  describe('appending to a table', () => {
    const cases: { table: string; staged: string; why: RegExp }[] = [
      {
        table: '(id BIGINT, extra INTEGER)',
        staged: `SELECT 1::BIGINT AS id, 'x' AS note`,
        why: /the table has no column `note`; the run brings no column `extra`.*mode: replace/,
      },
      {
        table: '(id INTEGER)',
        staged: 'SELECT 1::BIGINT AS id',
        why: /`id` is BIGINT, which the table's INTEGER cannot/,
      },
      { table: '(id BIGINT)', staged: 'SELECT 0.5::DOUBLE AS id', why: /`id` is DOUBLE/ },
      {
        table: '(id DECIMAL(10,2))',
        staged: 'SELECT 1::DECIMAL(10,3) AS id',
        why: /`id` is DECIMAL\(10,3\)/,
      },
      {
        table: '(id BIGINT NOT NULL)',
        staged: 'SELECT NULL::BIGINT AS id',
        why: /NOT NULL constraint failed/,
      },
      {
        table: '(id BIGINT PRIMARY KEY)',
        staged: 'SELECT 5::BIGINT AS id',
        why: /Duplicate key|violates primary key/,
      },
      {
        table: `(id ENUM('5', '6'))`,
        staged: `SELECT 'seven' AS id`,
        why: /Conversion Error|Could not convert/,
      },
    ];
    for (const { table, staged, why } of cases) {
      it(`${table} refuses ${staged}`, async () => {
        await onDuckdb(warehouse, `CREATE TABLE orders ${table}`);
        await onDuckdb(warehouse, `INSERT INTO orders (id) VALUES ('5')`);
        const rows = await stage(root, staged);
        const end = await failed(
          publishTask(duckdbSink(root), { run: 'run1', base: 0, staged: rows, mode: 'append' }),
        );
        assert.equal(end.type, 'DataError');
        assert.match(end.message, why);
        assert.equal((await tableIds(root)).length, 1);
        assert.deepEqual(await commits(root), []);
      });
    }

    it('fills wider types and another order of columns', async () => {
      await onDuckdb(
        warehouse,
        `CREATE TABLE orders (amount DECIMAL(20,4), size DECIMAL(38,2), kind ENUM('a','b'), id HUGEINT)`,
      );
      const staged = await stage(
        root,
        `SELECT 7::UBIGINT AS id, 1.25::DECIMAL(10,2) AS amount, 3::BIGINT AS size, 'b' AS kind`,
      );
      await done(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged, mode: 'append' }));
      assert.deepEqual(await onDuckdb(warehouse, 'SELECT * FROM orders'), [
        { amount: '1.2500', size: '3.00', kind: 'b', id: '7' },
      ]);
    });
  });

  describe('values that readers of the table would stumble over', () => {
    for (const [group, why] of [
      ['map_key_twice', /column `m` has 1 rows with a map in which a key stands twice/],
      ['broken_json', /does not accept the rows.*Invalid JSON found/],
      ['broken_text', /does not accept the rows.*Invalid string encoding found/],
    ] as const) {
      it(`refuses ${group}`, async () => {
        const staged = await stageTypes(root, group);
        const end = await failed(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
        assert.equal(end.type, 'DataError');
        assert.match(end.message, why);
        assert.deepEqual(await commits(root), []);
      });
    }
  });

  describe('replacing', () => {
    it("replaces a table of the user's own, and views on it show the new rows", async () => {
      await onDuckdb(
        warehouse,
        `CREATE TABLE orders AS SELECT 1::BIGINT AS id, 'mine' AS name;
        CREATE VIEW names AS SELECT name FROM orders`,
      );
      const staged = await stage(root, ids(4, 4));
      await done(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
      assert.deepEqual(await onDuckdb(warehouse, 'SELECT * FROM names'), [{ name: 'name 4' }]);
    });

    it('refuses a view, and a table that another one refers to', async () => {
      const staged = await stage(root, ids(4, 4));
      await onDuckdb(warehouse, 'CREATE VIEW orders AS SELECT 1 AS id');
      const view = await failed(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
      assert.equal(view.type, 'ConfigError');
      assert.match(view.message, /"main"\."orders" is a view/);
      await onDuckdb(
        warehouse,
        `DROP VIEW orders; CREATE TABLE orders (id BIGINT PRIMARY KEY);
        CREATE TABLE lines (id BIGINT REFERENCES orders (id))`,
      );
      const key = await failed(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
      assert.equal(key.type, 'ConfigError');
      assert.match(key.message, /Cannot drop entry "orders"/);
      assert.deepEqual(await commits(root), []);
    });
  });
});
