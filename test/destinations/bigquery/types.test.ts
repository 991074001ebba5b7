import assert from 'node:assert/strict';
import { conversionOf } from '../../../src/destinations/bigquery/columns/type-fit.js';
import { stagedTypeOf } from '../../../src/destinations/bigquery/columns/types.js';
import { createObjectStore } from '../../../src/gateways/google-storage.js';
import type { ManifestSink } from '../../../src/shared/run/manifest.js';
import type { BigQueryEmulator } from '../../support/bigquery.js';
import { temporaryRoot } from '../../support/stack.js';
import { startStorage, type StorageEmulator } from '../../support/storage.js';
import { done, failed, publishTask, stageTypes } from '../support.js';
import { newDataset, startForTests, type TestDataset } from './support.js';

/** Every column of the group `bigquery`: its type, and its values as the REST API writes them. */
const expected: Record<string, { type: string; values: (string | null)[] }> = {
  i64: { type: 'INTEGER', values: ['-9223372036854775808', '9223372036854775807', null] },
  u32: { type: 'INTEGER', values: ['4294967295', '0', null] },
  u64: { type: 'INTEGER', values: ['9223372036854775807', '0', null] },
  dec: { type: 'NUMERIC', values: ['12345678901234567890123456789.123456789', '-0.5', null] },
  big: { type: 'BIGNUMERIC', values: ['1234567890.123456789012345678', '-0.5', null] },
  time: { type: 'TIME', values: ['23:59:59.999999', '00:00:00', null] },
  tz: { type: 'TIMESTAMP', values: ['-62135596800000000', '253402300799999999', null] },
  ts: { type: 'DATETIME', values: ['0001-01-01T00:00:00', '9999-12-31T23:59:59.999999', null] },
  ms: { type: 'DATETIME', values: ['2026-01-31T09:30:00', null, null] },
  date: { type: 'DATE', values: ['0001-01-01', '9999-12-31', null] },
  uuid: {
    type: 'STRING',
    values: ['123e4567-e89b-12d3-a456-426614174000', '00000000-0000-0000-0000-000000000000', null],
  },
  json: { type: 'JSON', values: ['{"a":1.5,"b":[1]}', '[]', null] },
  bytes: { type: 'BYTES', values: ['AP8=', '', null] },
  real: { type: 'FLOAT', values: ['0.1', 'NaN', null] },
  inf: { type: 'FLOAT', values: ['Infinity', '-Infinity', null] },
  flag: { type: 'BOOLEAN', values: ['true', 'false', null] },
  text: { type: 'STRING', values: ['é😀 "q",\n;', '', null] },
  word: { type: 'STRING', values: ['a', 'b', null] },
};

describe('bigquery: types', () => {
  let root: string;
  let remove: () => Promise<void>;
  let storage: StorageEmulator;
  let emulator: BigQueryEmulator;
  let stop: () => Promise<void>;
  let dataset: TestDataset;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    storage = await startStorage(`${root}/objects`);
    ({ emulator, stop } = await startForTests(root, storage.endpoint));
  });
  after(async () => {
    await stop();
    await storage.stop();
    await remove();
  });
  beforeEach(async () => {
    dataset = await newDataset(emulator, root);
  });

  const assertExact = async (): Promise<void> => {
    const { schema } = (await dataset.table()) as {
      schema: { fields: { name: string; type: string }[] };
    };
    assert.deepEqual(
      Object.fromEntries(schema.fields.map(({ name, type }) => [name, type])),
      Object.fromEntries(Object.entries(expected).map(([name, { type }]) => [name, type])),
    );
    const selected = Object.keys(expected).map((name) =>
      name === 'tz' ? 'UNIX_MICROS(tz)' : `\`${name}\``,
    );
    const rows = await dataset.query(
      `SELECT ${selected.join(', ')} FROM \`DATASET.orders\` ORDER BY word IS NULL, word`,
    );
    for (const [index, [name, { values }]] of Object.entries(expected).entries()) {
      assert.deepEqual(
        rows.map((row) => comparable(row[index] ?? null)),
        values.map(comparable),
        name,
      );
    }
  };

  it('keeps every type exactly, from files of this machine', async () => {
    const staged = await stageTypes(root, 'bigquery');
    await done(publishTask(dataset.sink(), { run: 'run1', base: 0, staged }));
    await assertExact();
  });

  it('keeps every type exactly, from Cloud Storage, where nothing is uploaded again', async () => {
    const staged = await stageTypes(root, 'bigquery');
    await storage.createBucket('lake');
    const objects = createObjectStore({ endpoint: storage.endpoint });
    const [file] = staged.files;
    assert.ok(file);
    const uri = `gs://lake/${dataset.name}/part.parquet`;
    await objects.upload(file.uri, uri);
    const stagedRemote: ManifestSink = { ...staged, files: [{ ...file, uri }] };
    const gone = { ...staged, files: [{ ...file, uri: '/nowhere.parquet' }] };
    const schema = `gs://lake/${dataset.name}/schema.json`;
    const fields = Object.entries(expected).map(([name, { type }]) => ({ name, type }));
    process.env['STORAGE_EMULATOR_HOST'] = storage.endpoint;
    try {
      const task = publishTask(dataset.sink({ schema }), {
        run: 'run1',
        base: 0,
        staged: gone,
        stagedRemote,
      });
      assert.match((await failed(task)).message, /`schema` gs:.*there is no object/);
      await objects.write(schema, JSON.stringify(fields));
      await done(task);
    } finally {
      delete process.env['STORAGE_EMULATOR_HOST'];
    }
    await assertExact();
    assert.deepEqual(await dataset.staging(), []);
  });

  it('refuses by name what it cannot keep', async () => {
    const staged = await stageTypes(root, 'bigquery_refused');
    const end = await failed(publishTask(dataset.sink(), { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    for (const { name } of staged.schema)
      assert.match(end.message, new RegExp(`column \`${name}\` is`));
    assert.match(end.message, /`ints` is list.*lists and structures do not keep their NULLs/);
    assert.deepEqual(await dataset.staging(), []);
  });

  it('refuses dates and times that are out of range, with column, count and one of them', async () => {
    const staged = await stageTypes(root, 'out_of_range');
    const end = await failed(publishTask(dataset.sink(), { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    for (const column of ['day', 'ts', 'tz']) {
      assert.match(
        end.message,
        new RegExp(`column \`${column}\` has 4 values out of range, such as`),
      );
    }
    assert.match(end.message, /`day` has 4 values out of range, such as `(infinity|-infinity|1)/);
    assert.match(end.message, /`time` has 1 value out of range, such as `24:00:00` \(TIME ends at/);
    assert.match(end.message, /`u64` has 1 value out of range, such as `18446744073709551615`/);
    assert.doesNotMatch(end.message, /`fine`/);
    assert.match(end.message, /Nothing was written/);
    assert.equal(await dataset.table(), null);
    assert.deepEqual([await dataset.staging(), await dataset.commits()], [[], []]);
  });

  it('what only the service can look at, it refuses to load, naming the column', async () => {
    const staged = await stageTypes(root, 'out_of_range_day');
    await storage.createBucket('far');
    const [file] = staged.files;
    assert.ok(file);
    const uri = `gs://far/${dataset.name}/part.parquet`;
    await createObjectStore({ endpoint: storage.endpoint }).upload(file.uri, uri);
    const remote: ManifestSink = { ...staged, files: [{ ...file, uri }] };
    const publishing = { run: 'run1', base: 0, staged: remote, stagedRemote: remote };
    const end = await failed(publishTask(dataset.sink(), publishing));
    assert.equal(end.type, 'DataError');
    assert.match(
      end.message,
      /Nothing was written.*Invalid date value 10000-01-01 for field 'day'/,
    );
    assert.deepEqual([await dataset.staging(), await dataset.commits()], [[], []]);
  });

  it('refuses JSON that BigQuery would shorten, round or not take', async () => {
    const staged = await stageTypes(root, 'json_that_is_none');
    const end = await failed(publishTask(dataset.sink(), { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /column `twice` has 1 JSON document in which a key stands twice/);
    for (const column of ['wide', 'deep', 'nan']) {
      assert.match(
        end.message,
        new RegExp(`column \`${column}\` has 1 text that JSON cannot take`),
      );
    }
    assert.deepEqual([await dataset.table(), await dataset.staging()], [null, []]);
    const types = staged.schema.map(({ name }) => `${name}:STRING`).join(',');
    await done(publishTask(dataset.sink({ schema: types }), { run: 'run2', base: 0, staged }));
    assert.equal((await dataset.query('SELECT twice FROM `DATASET.orders`')).length, 4);
  });

  it('refuses an unsigned number that INT64 cannot hold', async () => {
    const staged = await stageTypes(root, 'above_int64');
    const end = await failed(publishTask(dataset.sink(), { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.equal(await dataset.table(), null);
    assert.deepEqual(await dataset.staging(), []);
  });

  describe('which staged type a column of a table can hold', () => {
    const cases: [arrow: string, into: string, holds: boolean][] = [
      ['int64', 'INT64', true],
      ['int64', 'NUMERIC', true],
      ['uint64', 'INT64', true],
      ['int64', 'FLOAT64', false],
      ['int32', 'FLOAT64', true],
      ['int64', 'STRING', true],
      ['decimal128(18, 0)', 'INT64', true],
      ['decimal128(19, 0)', 'INT64', false],
      ['decimal128(12, 2)', 'NUMERIC', true],
      ['decimal128(12, 2)', 'FLOAT64', false],
      ['decimal128(38, 28)', 'NUMERIC', false],
      ['decimal128(38, 28)', 'BIGNUMERIC', true],
      ['double', 'NUMERIC', false],
      ['double', 'INT64', false],
      ['string', 'INT64', true],
      ['string', 'NUMERIC', false],
      ['string', 'TIMESTAMP', false],
      ['string', 'DATE', true],
      ['timestamp[us]', 'DATETIME', true],
      ['timestamp[us]', 'TIMESTAMP', false],
      ['timestamp[us, tz=UTC]', 'TIMESTAMP', true],
      ['timestamp[us, tz=UTC]', 'DATETIME', false],
      ['date32[day]', 'DATETIME', true],
      ['date32[day]', 'TIMESTAMP', false],
      ['binary', 'STRING', false],
      ['extension<arrow.uuid>', 'BYTES', true],
      ['extension<arrow.json>', 'STRING', true],
      ['bool', 'INT64', false],
    ];
    for (const [arrow, type, holds] of cases) {
      it(`${type} ${holds ? 'holds' : 'does not hold'} ${arrow}`, () => {
        const staged = stagedTypeOf(arrow);
        assert.ok(!('refused' in staged));
        assert.equal(conversionOf(staged, { name: 'x', type }) !== null, holds);
      });
    }

    it('a decimal fits by its digits', () => {
      const staged = stagedTypeOf('decimal128(12, 2)');
      assert.ok(!('refused' in staged));
      const into = (precision: string, scale: string) =>
        conversionOf(staged, { name: 'x', type: 'NUMERIC', precision, scale }) !== null;
      assert.deepEqual(
        [into('12', '2'), into('13', '3'), into('12', '3'), into('12', '1')],
        [true, true, false, false],
      );
    });
  });
});

/** Digits after the point that are zeros say nothing, nor does space in JSON. */
function comparable(value: string | null): string | null {
  if (value === null) return null;
  if (/^[[{]/.test(value)) return JSON.stringify(JSON.parse(value));
  return /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value;
}
