import assert from 'node:assert/strict';
import type { PublishOutlook, PublishRequest } from '../../src/destinations/destination.js';
import { duckdbTypeOf } from '../../src/destinations/duckdb/staged-types.js';
import { loadDestination } from '../../src/destinations/registry.js';
import { temporaryRoot } from '../support/stack.js';
import { withDataset, type TestDataset } from './bigquery/support.js';
import { failureOf, requestOf } from './in-process.js';
import { ids, inMemory, stage, stageTypes, type TestSink } from './support.js';

async function check(
  { module, parameters, root }: TestSink,
  { sink, mode, merge, onSchemaChange, staged }: PublishRequest,
): Promise<void> {
  const destination = await loadDestination(module);
  const outlook: PublishOutlook = { sink, mode, merge, onSchemaChange, columns: staged.schema };
  const context = { root, storeId: 'store' };
  await destination.check(destination.parameters.parse(parameters), context, outlook);
}

describe('duckdb: types of staged columns', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  before(async () => ({ root, remove } = await temporaryRoot()));
  after(() => remove());

  for (const group of ['exact', 'bigquery']) {
    it(`are those that it reads from Parquet: ${group}`, async () => {
      const { schema, files } = await stageTypes(root, group);
      const read = await inMemory(`DESCRIBE SELECT * FROM '${files[0]?.uri}'`);
      const known = schema.filter(({ type }) => duckdbTypeOf(type) !== undefined);
      assert.ok(known.length > 10);
      for (const { name, type } of known) {
        const found = read.find(({ column_name: column }) => column === name)?.['column_type'];
        assert.equal(duckdbTypeOf(type), found, `${name} ${type}`);
      }
    });
  }
});

describe('bigquery: a look ahead at what is not there', function () {
  this.timeout(60_000);
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => ({ root, dataset } = ready));

  for (const [what, parameters, why] of [
    ['a dataset', { table: 'beamline-test.nowhere.orders' }, /no dataset `nowhere`.*bq mk/],
    ['a table that must be', { create_disposition: 'CREATE_NEVER' }, /no table .*CREATE_NEVER/],
    [
      'a column to divide by',
      { partitioning: 'DAY', partitioning_field: 'day' },
      /`partitioning_field` names `day`/,
    ],
  ] as const) {
    it(`refuses it: ${what}`, async () => {
      const sink = dataset.sink(parameters);
      const staged = await stage(root, ids(1, 3));
      const request = requestOf(sink, { run: 'run1', base: 0, staged, mode: 'append' });
      const { type, message } = await failureOf(check(sink, request));
      assert.equal(type, what.startsWith('a column') ? 'ConfigError' : 'ResourceError');
      assert.match(message, why);
    });
  }
});
