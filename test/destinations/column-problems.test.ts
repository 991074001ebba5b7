import assert from 'node:assert/strict';
import { adviceFor, assertTakes } from '../../src/destinations/column-problems.js';
import type { BroughtColumns } from '../../src/destinations/destination.js';
import { loadDestination } from '../../src/destinations/registry.js';

const table = 'proj-a:shop.orders';
const ids = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);

interface Case {
  what: string;
  destination: string;
  parameters: Record<string, unknown>;
  /** Types by name. */
  columns: Record<string, string>;
  brought?: Partial<BroughtColumns>;
  /** Where and what; none if the destination takes them. */
  problems: [at: string, what: RegExp][];
}

const merge = { keys: ['nr'], order: ['at'] };
const cases: Case[] = [
  {
    what: 'names that BigQuery does not take',
    destination: 'bigquery',
    parameters: { table },
    columns: {
      'first name': 'string',
      '1st': 'string',
      _partitiontime: 'date32[day]',
      ok_1: 'bool',
    },
    problems: [
      ['input', /does not take the name `first name` \(letters from A to Z, digits, _/],
      ['input', /does not take the name `1st`/],
      ['input', /`_partitiontime` begins with `_PARTITION`, which is BigQuery's own/],
    ],
  },
  {
    what: 'a name of 301 characters, and takes one of 300',
    destination: 'bigquery',
    parameters: { table },
    columns: { ['a'.repeat(301)]: 'int64', ['b'.repeat(300)]: 'int64' },
    problems: [['input', /the name `a+ … a+` has 301 characters, and BigQuery takes 300/]],
  },
  {
    what: 'more than 10,000 columns',
    destination: 'bigquery',
    parameters: { table },
    columns: Object.fromEntries(ids(10_001).map((name) => [name, 'int64'])),
    problems: [['input', /gets 10001 columns, and a table of BigQuery has 10000 at most/]],
  },
  {
    what: 'names equal but for case, and types that BigQuery has not',
    destination: 'bigquery',
    parameters: { table },
    columns: { id: 'int64', ID: 'int64', tags: 'list<item: string>' },
    problems: [
      ['input', /`tags` is list<item: string>: .*write it as JSON/],
      ['input', /columns `id` and `ID` differ only in upper and lower case/],
    ],
  },
  {
    what: 'columns that the schema of the config has not, or of another type',
    destination: 'bigquery',
    parameters: { table, schema: 'id:DATE,at:TIMESTAMP' },
    columns: { id: 'int64', at: 'timestamp[us, tz=UTC]', more: 'int64' },
    problems: [
      ['parameters.schema', /the schema has no column `more`/],
      ['parameters.schema', /column `id` is int64, which the schema's DATE cannot hold exactly/],
    ],
  },
  {
    what: 'nothing of a schema, where other columns are discarded',
    destination: 'bigquery',
    parameters: { table, schema: 'id:DATE' },
    columns: { id: 'int64', more: 'int64' },
    brought: { onSchemaChange: 'discard' },
    problems: [],
  },
  ...['bigquery', 'duckdb'].map((destination) => ({
    what: 'merge keys and an order that the run does not bring',
    destination,
    parameters: destination === 'duckdb' ? { database: 'w.duckdb', table: 't' } : { table },
    columns: { id: 'int64', AT: 'date32[day]' },
    brought: { merge },
    problems: [
      ['merge_keys', /`merge_keys` names `nr`, which the run does not bring \(`id`, `AT`\)/],
    ] satisfies Case['problems'],
  })),
  {
    what: 'what a table would not hold as it is',
    destination: 'duckdb',
    parameters: { database: 'w.duckdb', table: 't' },
    columns: { id: 'int64', Id: 'int64', big: 'decimal256(50, 10)', 'any name': 'string' },
    problems: [
      ['input', /`big` is decimal256\(50, 10\): decimals have at most 38 digits/],
      ['input', /columns `id` and `Id` differ only in upper and lower case/],
    ],
  },
  {
    what: 'nothing, where the staged files are published as they are',
    destination: 'files',
    parameters: { path: 'lake' },
    columns: { id: 'int64', ID: 'int64', big: 'decimal256(50, 10)' },
    problems: [],
  },
  ...[{ format: 'csv' }, { format: 'jsonl' }, { compression: 'gzip' }].map((parameters) => ({
    what: `equal names in files written anew, ${JSON.stringify(parameters)}`,
    destination: 'files',
    parameters: { path: 'lake', ...parameters },
    columns: { id: 'int64', ID: 'int64' },
    problems: [
      ['input', /`id` and `ID` differ only in upper and lower case/],
    ] satisfies Case['problems'],
  })),
  {
    what: 'partitions by a column that is not there, or cannot name a folder',
    destination: 'files',
    parameters: { path: 'lake', partition_by: ['day', 'ratio'] },
    columns: { id: 'int64', ratio: 'double' },
    problems: [
      ['parameters.partition_by', /there is no column `day` \(id, ratio\)/],
      ['parameters.partition_by', /`ratio` is double; cast it to a whole number/],
    ],
  },
  {
    what: 'partitions by every column',
    destination: 'files',
    parameters: { path: 'lake', partition_by: ['day'] },
    columns: { day: 'string' },
    problems: [['parameters.partition_by', /names every column/]],
  },
];

describe('columns that a destination cannot take', () => {
  for (const { what, destination: name, parameters, columns, brought, problems } of cases) {
    it(`${name} refuses ${what}`, async () => {
      const destination = await loadDestination(name);
      const found = destination.columnProblems(destination.parameters.parse(parameters), {
        columns: Object.entries(columns).map(([column, type]) => ({
          name: column,
          type,
          nullable: true,
        })),
        merge: null,
        onSchemaChange: 'fail',
        ...brought,
      });
      assert.deepEqual(
        found.map(({ at }) => at.join('.')),
        problems.map(([at]) => at),
      );
      for (const [index, [, pattern]] of problems.entries()) {
        assert.match(found[index]?.what ?? '', pattern);
      }
    });
  }

  it('says in one sentence how to rename them, and shows five', async () => {
    const destination = await loadDestination('bigquery');
    const names = ['1st', 'first name', '_TABLE_x', 'Größe', 'a-b', 'more.'];
    const columns = names.map((name) => ({ name, type: 'int64', nullable: true }));
    const brought = { columns, merge: null, onSchemaChange: 'fail' } as const;
    const found = destination.columnProblems(destination.parameters.parse({ table }), brought);
    assert.equal(
      adviceFor(found),
      'Rename in a transform: `module: select`, `rename: {"1st": c_1st, "first name": first_name, ' +
        '_TABLE_x: table_x, "Größe": gro_e, "a-b": a_b, …}`.',
    );
    assert.throws(
      () => assertTakes(found, 'warehouse'),
      /^ApplicationFailure: warehouse cannot be written: .*`1st`.*; .*`more.`.*Nothing was written\. Rename/,
    );
  });
});
