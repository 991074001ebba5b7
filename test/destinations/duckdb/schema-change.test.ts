import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { OnSchemaChange, SinkMode } from '../../../src/destinations/destination.js';
import { temporaryRoot } from '../../support/stack.js';
import { failureOf, requestOf, withPublisher } from '../in-process.js';
import { onDuckdb, stage } from '../support.js';
import { commits, duckdbSink } from './support.js';

/** What the table holds afterwards, or why the publish is refused. */
type Outcome = Record<string, unknown>[] | RegExp;

/** Row 1 is there; the run brings row 2, and for a merge row 1 again. */
const changes: {
  what: string;
  row: string;
  replaced: Record<string, unknown>;
  outcomes: Record<OnSchemaChange, Outcome>;
}[] = [
  {
    what: 'an added column',
    row: `'new' AS name, 5::BIGINT AS size, ['a'] AS tags`,
    replaced: { name: 'new', size: '5', tags: ['a'] },
    outcomes: {
      fail: /the table has no column `size`, `tags`\..*set `on_schema_change`/,
      add_columns: [
        { id: '1', name: 'old', size: null, tags: null },
        { id: '2', name: 'new', size: '5', tags: ['a'] },
      ],
      discard: [
        { id: '1', name: 'old' },
        { id: '2', name: 'new' },
      ],
    },
  },
  {
    what: 'a dropped column',
    row: '',
    replaced: {},
    outcomes: {
      fail: /the run brings no column `name`/,
      add_columns: [
        { id: '1', name: 'old' },
        { id: '2', name: null },
      ],
      discard: [
        { id: '1', name: 'old' },
        { id: '2', name: null },
      ],
    },
  },
  {
    what: 'a column in the place of another',
    row: `5::BIGINT AS size`,
    replaced: { size: '5' },
    outcomes: {
      fail: /the table has no column `size`; the run brings no column `name`/,
      add_columns: [
        { id: '1', name: 'old', size: null },
        { id: '2', name: null, size: '5' },
      ],
      discard: [
        { id: '1', name: 'old' },
        { id: '2', name: null },
      ],
    },
  },
  {
    what: 'a retyped column',
    row: `DATE '2026-01-31' AS name`,
    replaced: { name: '2026-01-31' },
    outcomes: {
      fail: /column `name` is DATE, which the table's VARCHAR cannot hold exactly/,
      add_columns:
        /column `name` is DATE.*Rename, select or cast the columns in a transform, or use/,
      discard: /column `name` is DATE.*Rename, select or cast the columns in a transform, or use/,
    },
  },
];

const modes: SinkMode[] = ['replace', 'append', 'merge'];
const choices: OnSchemaChange[] = ['fail', 'add_columns', 'discard'];

describe('duckdb: a source that changes its columns', () => {
  let root: string;
  let warehouse: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    warehouse = join(root, 'warehouse.duckdb');
  });
  afterEach(() => remove());

  const publish = async (query: string, mode: SinkMode, onSchemaChange: OnSchemaChange) => {
    const sink = duckdbSink(root);
    const staged = await stage(root, query);
    const merge = mode === 'merge' ? { keys: ['id'], order: null, window: null } : null;
    const run = 'run1';
    const request = requestOf(sink, { run, base: 0, staged, mode, merge, onSchemaChange });
    return withPublisher(sink, (publisher) => publisher.publish(request));
  };
  const table = () => onDuckdb(warehouse, 'SELECT * FROM orders ORDER BY id');

  for (const { what, row, replaced, outcomes } of changes) {
    for (const mode of modes) {
      for (const choice of choices) {
        const outcome = mode === 'replace' ? 'the new columns' : outcomes[choice];
        const verb = outcome instanceof RegExp ? 'refuses' : 'takes';
        it(`${mode} with \`${choice}\` ${verb} ${what}`, async () => {
          await onDuckdb(warehouse, `CREATE TABLE orders AS SELECT 1::BIGINT AS id, 'old' AS name`);
          const values = row === '' ? '' : `, ${row}`;
          const published = publish(`SELECT 2::BIGINT AS id${values}`, mode, choice);
          if (outcome instanceof RegExp) {
            const failure = await failureOf(published);
            assert.equal(failure.type, 'DataError');
            assert.match(failure.message, outcome);
            assert.deepEqual(await table(), [{ id: '1', name: 'old' }]);
            assert.deepEqual(await commits(root), []);
            return;
          }
          await published;
          const expected = mode === 'replace' ? [{ id: '2', ...replaced }] : outcome;
          assert.deepEqual(await table(), expected);
        });
      }
    }
  }

  it('a merged row has NULL in the columns that the run does not bring', async () => {
    await onDuckdb(warehouse, `CREATE TABLE orders AS SELECT 1::BIGINT AS id, 'old' AS name`);
    await publish('SELECT 1::BIGINT AS id', 'merge', 'discard');
    assert.deepEqual(await table(), [{ id: '1', name: null }]);
  });

  it("a column that the run does not bring has its default in a table of the user's own", async () => {
    await onDuckdb(
      warehouse,
      `CREATE TABLE orders (id BIGINT, name VARCHAR NOT NULL DEFAULT 'none', twice AS (id * 2))`,
    );
    await publish('SELECT 4::BIGINT AS id', 'append', 'discard');
    assert.deepEqual(await table(), [{ id: '4', name: 'none', twice: '8' }]);
  });

  it('refuses a run of which nothing would be left', async () => {
    await onDuckdb(warehouse, `CREATE TABLE orders AS SELECT 1::BIGINT AS id, 'old' AS name`);
    const failure = await failureOf(publish('SELECT 5::BIGINT AS size', 'append', 'discard'));
    assert.match(failure.message, /none of the columns that the run brings/);
  });

  it('knows a column in upper and lower case', async () => {
    await onDuckdb(warehouse, `CREATE TABLE orders AS SELECT 1::BIGINT AS id, 'old' AS name`);
    await publish(`SELECT 1::BIGINT AS ID, 'new' AS Name`, 'merge', 'add_columns');
    assert.deepEqual(await table(), [{ id: '1', name: 'new' }]);
  });
});
