import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { PublishOutlook, PublishRequest } from '../../src/destinations/destination.js';
import { duckdbTypeOf } from '../../src/destinations/duckdb/staged-types.js';
import { loadDestination } from '../../src/destinations/registry.js';
import { temporaryRoot } from '../support/stack.js';
import { withDataset, type TestDataset } from './bigquery/support.js';
import { requestOf, withPublisher } from './in-process.js';
import { kinds, withPlace } from './places.js';
import { ids, inMemory, stage, stageTypes, type Publishing, type TestSink } from './support.js';

/** What a later run brings; the table has `id` (an integer) and `name`. */
const brought: Record<string, { query: string; more?: Partial<Publishing> }> = {
  'the same columns': { query: ids(4, 5) },
  'one more column': { query: `SELECT *, 1 AS extra FROM (${ids(4, 5)})` },
  'one column less': { query: `SELECT id FROM (${ids(4, 5)})` },
  'a column of another type': { query: `SELECT id + 0.5::DOUBLE AS id, name FROM (${ids(4, 5)})` },
  'its columns in another order': { query: `SELECT name, id FROM (${ids(4, 5)})` },
  'another column, which may be added': {
    query: `SELECT *, 1 AS extra FROM (${ids(4, 5)})`,
    more: { onSchemaChange: 'add_columns' },
  },
  'other columns, by which it is merged': {
    query: `SELECT *, id AS extra FROM (${ids(4, 5)})`,
    more: {
      mode: 'merge',
      onSchemaChange: 'add_columns',
      merge: { keys: ['extra'], order: null, window: null },
    },
  },
  'other columns, in place of all': {
    query: 'SELECT 1 AS other',
    more: { mode: 'replace' },
  },
};

/** What `check` says of what a publish is going to be asked. */
async function check(sink: TestSink, request: PublishRequest): Promise<void> {
  const { module, parameters, root } = sink;
  const destination = await loadDestination(module);
  const { sink: name, mode, merge, onSchemaChange, staged } = request;
  const outlook: PublishOutlook = {
    sink: name,
    mode,
    merge,
    onSchemaChange,
    columns: staged.schema,
  };
  const context = { root, storeId: 'store' };
  await destination.check(destination.parameters.parse(parameters), context, outlook);
}

/** How it ends: type and text of the failure; null if it does not fail. */
async function endOf(promise: Promise<unknown>): Promise<[unknown, string] | null> {
  return promise.then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure, String(error));
      return [error.type, error.message];
    },
  );
}

for (const kind of kinds) {
  describe(`${kind.name}: a look ahead`, function () {
    this.timeout(60_000);
    let root: string;
    let sink: TestSink;
    let rows: () => Promise<string[]>;
    withPlace(kind, (ready) => ({ root, sink, rows } = ready));

    const publish = (request: PublishRequest) =>
      withPublisher(sink, (publisher) => publisher.publish(request));

    it('finds nothing amiss where nothing is yet, and makes nothing', async () => {
      const staged = await stage(root, ids(1, 3));
      const before = await readdir(root);
      await check(sink, requestOf(sink, { run: 'run1', base: 0, staged, mode: 'append' }));
      assert.deepEqual(await readdir(root), before);
    });

    for (const [what, { query, more = {} }] of Object.entries(brought)) {
      if (kind.name === 'files' && more.onSchemaChange !== undefined) continue; // It takes `fail` only.
      it(`says what the publish says: ${what}`, async () => {
        const first = await stage(root, ids(1, 3));
        await publish(requestOf(sink, { run: 'run1', base: 0, staged: first }));
        const staged = await stage(root, query);
        const request = requestOf(sink, { run: 'run2', base: 1, staged, mode: 'append', ...more });
        const ahead = await endOf(check(sink, request));
        assert.deepEqual(await rows(), ['1', '2', '3']);
        await check(sink, request).catch(() => undefined);
        assert.deepEqual(await endOf(publish(request)), ahead);
      });
    }

    it('refuses something: one more column', async () => {
      const first = await stage(root, ids(1, 3));
      await publish(requestOf(sink, { run: 'run1', base: 0, staged: first }));
      const staged = await stage(root, brought['one more column']?.query ?? '');
      const request = requestOf(sink, { run: 'run2', base: 1, staged, mode: 'append' });
      const [type, message] = (await endOf(check(sink, request))) ?? assert.fail('it was let in');
      assert.equal(type, 'DataError');
      assert.match(message, /`extra`/);
    });
  });
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
      const [type, message] = (await endOf(check(sink, request))) ?? assert.fail('it was let in');
      assert.equal(type, 'ConfigError');
      assert.match(message, why);
    });
  }
});
