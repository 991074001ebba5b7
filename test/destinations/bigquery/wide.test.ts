import assert from 'node:assert/strict';
import { planColumns } from '../../../src/destinations/bigquery/columns/columns.js';
import { assertFits } from '../../../src/destinations/bigquery/columns/limits.js';
import {
  fieldsFor,
  stagedColumns,
} from '../../../src/destinations/bigquery/columns/staged-columns.js';
import { commitScript } from '../../../src/destinations/bigquery/commit/statements.js';
import type { SinkMode } from '../../../src/destinations/destination.js';
import { done, failed, publishTask, stage } from '../support.js';
import { withDataset, type TestDataset } from './support.js';

const names = (count: number, prefix = 'c') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const rows = (id: number, count: number) =>
  `SELECT ${id} AS id, ${names(count)
    .map((name) => `${id} AS ${name}`)
    .join(', ')}`;

const check = (mode: SinkMode, columns: string[], tables = 1) => {
  const schema = columns.map((name) => ({ name, type: 'int64', nullable: true }));
  const staged = stagedColumns(schema);
  const plan = planColumns({
    place: 't',
    step: 'sink',
    mode,
    onSchemaChange: 'fail',
    staged,
    table: fieldsFor(staged),
    wanted: null,
    fixed: [],
  });
  const script = commitScript({
    table: { project: 'p', dataset: 'd', table: 't' },
    resource: {
      fields: [],
      requirePartitionFilter: false,
      timePartitioning: null,
      rangePartitioning: null,
    },
    staging: [{ project: 'p', dataset: 'd', table: 's' }],
    columns: plan,
    request: { mode, merge: { keys: [columns[0] ?? ''], order: null, window: null } },
  });
  assertFits('p.d.t', 'sink', { columns: plan.written.length, tables, script });
};

describe('bigquery: as many columns as a table has', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => ({ root, dataset } = ready));

  it('replaces a table, and merges a thousand columns more into it', async () => {
    const merge = { keys: ['id'], order: null, window: null };
    const wide = dataset.sink();
    await done(publishTask(wide, { run: 'r1', base: 0, staged: await stage(root, rows(1, 2)) }));
    const grown = { run: 'r2', base: 1, staged: await stage(root, rows(1, 1050)) };
    await done(
      publishTask(wide, { ...grown, mode: 'merge', merge, onSchemaChange: 'add_columns' }),
    );
    assert.deepEqual(await dataset.query('SELECT id, c0, c1049 FROM `DATASET.orders`'), [
      ['1', '1', '1'],
    ]);
  });

  it('refuses more than ten thousand before anything is loaded', async () => {
    const staged = await stage(root, 'SELECT 1 AS id');
    staged.schema = names(10_001).map((name) => ({ name, type: 'int64', nullable: true }));
    const end = await failed(publishTask(dataset.sink(), { run: 'r1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /gets 10001 columns, and a table of BigQuery has 10000 at most/);
  });

  describe('the statements of a commit', () => {
    it('of ten thousand columns with usual names are not too long', () => {
      check('replace', names(10_000, 'a_column_with_a_name_'));
      check('merge', names(10_000, 'column_'));
    });

    it('are refused in words where they are too long, or name too many tables', () => {
      const long = names(10_000, 'a_column_with_a_rather_long_name_');
      assert.throws(() => check('merge', long), /publish 10000 columns have \d+ characters/);
      assert.throws(() => check('append', ['id'], 1001), /lies in 1001 files/);
    });
  });
});
