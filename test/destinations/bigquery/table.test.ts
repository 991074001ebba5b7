import assert from 'node:assert/strict';
import type { SinkMode } from '../../../src/destinations/destination.js';
import {
  done,
  failed,
  ids,
  inspectTask,
  type Publishing,
  publishTask,
  stage,
  versionOf,
} from '../support.js';
import { project, type TestDataset, withDataset } from './support.js';

interface Field {
  name: string;
  type: string;
  mode?: string;
  [other: string]: unknown;
}

describe('bigquery: the table', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => {
    ({ root, dataset } = ready);
  });

  const task = async (
    query: string,
    rest: Partial<Publishing> = {},
    parameters: Record<string, unknown> = {},
  ) =>
    publishTask(dataset.sink(parameters), {
      run: 'run1',
      base: 0,
      staged: await stage(root, query),
      ...rest,
    });
  const schemaOf = async (): Promise<Field[]> =>
    ((await dataset.table()) as unknown as { schema: { fields: Field[] } }).schema.fields;
  const types = async () => (await schemaOf()).map(({ name, type }) => `${name}:${type}`);
  const withFields = (fields: Field[], more: Record<string, unknown> = {}) =>
    dataset.createTable({ schema: { fields }, ...more });

  it('a table that is missing is made only if the config says so', async () => {
    const never = { create_disposition: 'CREATE_NEVER' };
    for (const each of [inspectTask(dataset.sink(never)), await task(ids(1, 1), {}, never)]) {
      const end = await failed(each);
      assert.equal(end.type, 'ResourceError');
      assert.match(end.message, /there is no table beamline-test\.\w+\.orders.*CREATE_IF_NEEDED/);
    }
    const schema = { schema: 'get_from_table' };
    assert.match((await failed(await task(ids(1, 1), {}, schema))).message, /get_from_table/);
    assert.equal(await dataset.table(), null);
    await done(await task(ids(1, 1)));
  });

  it('names a dataset that is missing, and how to make it', async () => {
    const end = await failed(inspectTask(dataset.sink({ table: `${project}.nowhere.orders` })));
    assert.equal(end.type, 'ResourceError');
    assert.match(end.message, /no dataset `nowhere`.*bq mk --dataset beamline-test:nowhere/);
  });

  it('makes a table as the config describes it', async () => {
    const parameters = {
      partitioning: 'MONTH',
      partitioning_field: 'day',
      clustering: 'id, name',
      description: 'orders of the shop',
      labels: { team: 'sales' },
      expiration: '30d',
      require_partition_filter: true,
      schema: 'id:INTEGER,name:STRING,day:DATE,amount:NUMERIC(12,2)',
    };
    const query = `SELECT 1::BIGINT AS id, 'a' AS name, '2026-01-31' AS day, 7::INTEGER AS amount`;
    await done(await task(query, {}, parameters));
    const made = (await dataset.table()) as Record<string, unknown> & { expirationTime: string };
    assert.deepEqual(made['timePartitioning'], { type: 'MONTH', field: 'day' });
    assert.deepEqual(made['clustering'], { fields: ['id', 'name'] });
    assert.equal(made['description'], 'orders of the shop');
    assert.deepEqual(made['labels'], { team: 'sales' });
    assert.equal(made['requirePartitionFilter'], true);
    const days = (Number(made.expirationTime) - Date.now()) / 86_400_000;
    assert.ok(days > 29 && days <= 30, String(days));
    assert.deepEqual(
      await dataset.query("SELECT id, day, amount FROM `DATASET.orders` WHERE day > '2026-01-01'"),
      [['1', '2026-01-31', '7']],
    );
    const [row] = await dataset.query('SELECT 1');
    assert.ok(row);
  });

  const partitionings: { parameters: Record<string, unknown>; why: RegExp }[] = [
    {
      parameters: { partitioning: 'DAY', partitioning_field: 'name' },
      why: /`name` is STRING; partitions by DAY need DATE or DATETIME or TIMESTAMP/,
    },
    {
      parameters: { partitioning: 'HOUR', partitioning_field: 'day' },
      why: /`day` is DATE; partitions by HOUR need DATETIME or TIMESTAMP/,
    },
    {
      parameters: { partitioning: 'DAY', partitioning_field: 'dya' },
      why: /names `dya`, which is no column \(id, name, day\)/,
    },
    { parameters: { clustering: ['nmae'] }, why: /`clustering` names `nmae`, which is no column/ },
  ];
  for (const { parameters, why } of partitionings) {
    it(`refuses ${JSON.stringify(parameters)}`, async () => {
      const query = `SELECT 1::BIGINT AS id, 'a' AS name, DATE '2026-01-31' AS day`;
      const end = await failed(await task(query, {}, parameters));
      assert.equal(end.type, 'ConfigError');
      assert.match(end.message, why);
      assert.equal(await dataset.table(), null);
    });
  }

  it('refuses a table that is divided otherwise, saying how', async () => {
    await withFields([{ name: 'day', type: 'DATE' }], {
      timePartitioning: { type: 'DAY', field: 'day' },
    });
    const parameters = { partitioning: 'MONTH', partitioning_field: 'day' };
    const end = await failed(inspectTask(dataset.sink(parameters)));
    assert.equal(end.type, 'ConfigError');
    assert.match(end.message, /is partitioned by DAY of `day`; the config says by MONTH of `day`/);
    assert.equal(await versionOf(dataset.sink({ ...parameters, partitioning: 'DAY' })), 0);
  });

  describe('replacing', () => {
    it('keeps description, labels, partitions and the policies of columns that stay', async () => {
      const policyTags = { names: ['projects/p/locations/us/taxonomies/1/policyTags/2'] };
      const about = {
        description: 'mine',
        labels: { team: 'sales' },
        timePartitioning: { type: 'DAY', field: 'day' },
        clustering: { fields: ['id'] },
      };
      await withFields(
        [
          { name: 'id', type: 'INTEGER', description: 'number', policyTags },
          { name: 'old', type: 'STRING' },
          { name: 'day', type: 'DATE' },
        ],
        about,
      );
      await dataset.query("INSERT INTO `DATASET.orders` (id, old) VALUES (5, 'x')");
      const query = `SELECT 1::BIGINT AS id, DATE '2026-01-31' AS day, 'new' AS added`;
      await done(await task(query));
      assert.deepEqual(await types(), ['id:INTEGER', 'day:DATE', 'added:STRING']);
      const [id] = await schemaOf();
      assert.deepEqual(id?.['policyTags'], policyTags);
      assert.equal(id?.['description'], 'number');
      const after = (await dataset.table()) ?? {};
      for (const [key, value] of Object.entries(about)) assert.deepEqual(after[key], value);
      assert.deepEqual(await dataset.query('SELECT id, day, added FROM `DATASET.orders`'), [
        ['1', '2026-01-31', 'new'],
      ]);
    });

    it('a column that the table is divided by stays, without values', async () => {
      await withFields(
        [
          { name: 'id', type: 'INTEGER' },
          { name: 'day', type: 'DATE' },
        ],
        {
          timePartitioning: { type: 'DAY', field: 'day' },
        },
      );
      await done(await task('SELECT 1::BIGINT AS id'));
      assert.deepEqual(await dataset.query('SELECT id, day FROM `DATASET.orders`'), [['1', null]]);
    });

    it('a type grows where the service can, and is refused where it cannot', async () => {
      await done(await task('SELECT 1::BIGINT AS id, 1::BIGINT AS n'));
      const wider = 'SELECT 1::BIGINT AS id, 2.50::DECIMAL(20,2) AS n';
      await done(await task(wider, { run: 'run2', base: 1 }));
      assert.deepEqual(await types(), ['id:INTEGER', 'n:NUMERIC']);
      const retyped = await failed(
        await task(`SELECT 1::BIGINT AS id, 'x' AS n`, { run: 'run3', base: 2 }),
      );
      assert.equal(retyped.type, 'DataError');
      assert.match(
        retyped.message,
        /column `n` is string, which the table's NUMERIC cannot hold exactly.*drop the table/,
      );
      assert.deepEqual(await dataset.query('SELECT n FROM `DATASET.orders`'), [['2.5']]);
      assert.deepEqual(await dataset.staging(), []);
    });
  });

  for (const mode of ['append', 'merge'] as SinkMode[]) {
    describe(`${mode} and the columns`, () => {
      const changed = `SELECT 2::BIGINT AS id, 'note' AS note`;

      beforeEach(async () => {
        await done(await task(ids(1, 1)));
      });

      it('fail: names the columns and writes nothing', async () => {
        const end = await failed(await task(changed, change(mode, 'fail')));
        assert.equal(end.type, 'DataError');
        assert.match(
          end.message,
          /the table has no column `note`; the run brings no column `name`/,
        );
        assert.deepEqual(await dataset.ids(), ['1']);
      });

      it('add_columns: adds what is new, and leaves NULL what is not brought', async () => {
        await done(await task(changed, change(mode, 'add_columns')));
        assert.deepEqual(
          await dataset.query('SELECT id, name, note FROM `DATASET.orders` ORDER BY id'),
          [
            ['1', 'name 1', null],
            ['2', null, 'note'],
          ],
        );
      });

      it('discard: leaves out what is new', async () => {
        await done(await task(changed, change(mode, 'discard')));
        assert.deepEqual(await types(), ['id:INTEGER', 'name:STRING']);
        assert.deepEqual(await dataset.ids(), ['1', '2']);
      });

      it('a retyped column is refused, whatever is said of new ones', async () => {
        const retyped = `SELECT 2::BIGINT AS id, 1.5::DOUBLE AS name`;
        await done(await task(retyped.replace('AS name', 'AS other'), change(mode, 'add_columns')));
        const end = await failed(
          await task(`SELECT 'x' AS id, 'y' AS name, 'z' AS other`, {
            ...change(mode, 'add_columns'),
            run: 'run3',
            base: 2,
          }),
        );
        assert.match(
          end.message,
          /column `other` is string, which the table's FLOAT64 cannot hold exactly/,
        );
      });
    });
  }

  it('a text that is no number is refused with its column, before anything is changed', async () => {
    const parameters = { schema: 'id:INT64,name:STRING' };
    await done(await task(`SELECT '5' AS id, 'a' AS name`, {}, parameters));
    const wrong = `SELECT 'five' AS id, 'a' AS name UNION ALL SELECT '6', 'b'`;
    const end = await failed(await task(wrong, { run: 'run2', base: 1 }, parameters));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /column `id` has 1 text that is no INT64/);
    assert.deepEqual(await dataset.ids(), ['5']);
  });

  it("fills the table's own columns, in another order and case; REQUIRED ones are checked", async () => {
    await withFields([
      { name: 'Name', type: 'STRING', mode: 'REQUIRED' },
      { name: 'ID', type: 'NUMERIC', mode: 'NULLABLE' },
    ]);
    await done(await task(ids(1, 1), { mode: 'append' }, { schema: 'get_from_table' }));
    assert.deepEqual(await dataset.query('SELECT Name, ID FROM `DATASET.orders`'), [
      ['name 1', '1'],
    ]);
    const missing = await failed(
      await task('SELECT 2::BIGINT AS id', {
        run: 'run2',
        base: 1,
        mode: 'append',
        onSchemaChange: 'discard',
      }),
    );
    assert.match(missing.message, /the run brings no column `Name`/);
    const nulls = await failed(
      await task('SELECT 2::BIGINT AS id, NULL::VARCHAR AS name', {
        run: 'run3',
        base: 1,
        mode: 'append',
      }),
    );
    assert.equal(nulls.type, 'DataError');
    assert.match(nulls.message, /column `Name` is REQUIRED and NULL in 1 row/);
  });

  it('a timestamp without a zone does not become an instant by itself', async () => {
    await withFields([{ name: 'at', type: 'TIMESTAMP' }]);
    const end = await failed(await task(`SELECT TIMESTAMP '2026-01-31 09:30:00' AS at`));
    assert.match(end.message, /TIMESTAMP cannot hold exactly \(it names no time zone: say which/);
  });

  it("with the table's own schema, a replace leaves NULL what is not brought", async () => {
    await withFields([
      { name: 'id', type: 'INTEGER' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      { name: 'at', type: 'TIMESTAMP' },
    ]);
    const parameters = { schema: 'get_from_table' };
    await done(await task('SELECT 1::BIGINT AS id', {}, parameters));
    assert.deepEqual(await types(), ['id:INTEGER', 'tags:STRING', 'at:TIMESTAMP']);
    const extra = await failed(
      await task('SELECT 1::BIGINT AS id, 2::BIGINT AS n', { run: 'run2', base: 1 }, parameters),
    );
    assert.match(extra.message, /the schema has no column `n`/);
    const merge = { keys: ['id'], order: null, window: null };
    await done(
      await task('SELECT 1::BIGINT AS id', {
        run: 'run3',
        base: 1,
        mode: 'merge',
        merge,
        onSchemaChange: 'discard',
      }),
    );
    assert.deepEqual(await dataset.ids(), ['1']);
  });

  it('names columns that a load job does not take', async () => {
    const end = await failed(await task(`SELECT 1::BIGINT AS "order no", 2::BIGINT AS _TABLE_x`));
    assert.equal(end.type, 'DataError');
    assert.match(
      end.message,
      /the name `order no`.*the name `_TABLE_x`.*`rename: {"order no": order_no, _TABLE_x: table_x}`/,
    );
  });

  it('rows that are missing in the staged files are found before anything is changed', async () => {
    await done(await task(ids(1, 1)));
    const staged = await stage(root, ids(2, 3));
    const file = { ...staged.files[0], uri: staged.files[0]?.uri ?? '', rows: 5, bytes: 1 };
    const end = await failed(
      publishTask(dataset.sink(), {
        run: 'run2',
        base: 1,
        staged: { ...staged, rows: 5, files: [file] },
      }),
    );
    assert.equal(end.type, 'StagingDamaged');
    assert.match(end.message, /2 rows loaded, the manifest says 5/);
    assert.deepEqual(await dataset.ids(), ['1']);
  });
});

/** A second run, whose columns are not the table's. */
function change(
  mode: SinkMode,
  onSchemaChange: Exclude<Publishing['onSchemaChange'], undefined>,
): Partial<Publishing> {
  const merge = mode === 'merge' ? { keys: ['id'], order: null, window: null } : null;
  return { run: 'run2', base: 1, mode, merge, onSchemaChange };
}
