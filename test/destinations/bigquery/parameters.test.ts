import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outsideRoots } from '../../../src/config/settings/roots.js';
import { destination } from '../../../src/destinations/bigquery/index.js';
import { bigqueryParameters } from '../../../src/destinations/bigquery/table/parameters.js';
import { parseTableName, sqlName } from '../../../src/destinations/bigquery/table/table-name.js';
import { temporaryRoot } from '../../support/stack.js';

const table = 'py-dataflow:test.orders';
const context = { root: '/', storeId: 'store' };

function problemsOf(parameters: Record<string, unknown>): string[] {
  const result = bigqueryParameters.safeParse({ table, ...parameters });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('bigquery: parameters', () => {
  const names: [text: string, plain: string, sql: string][] = [
    ['py-dataflow:test.orders', 'py-dataflow.test.orders', '`py-dataflow`.`test`.`orders`'],
    ['py-dataflow.test.orders-1', 'py-dataflow.test.orders-1', '`py-dataflow`.`test`.`orders-1`'],
    ['example.com:proj.test.a b', 'example.com:proj.test.a b', '`example.com:proj`.`test`.`a b`'],
    ['example.com:proj:test.é_1', 'example.com:proj.test.é_1', '`example.com:proj`.`test`.`é_1`'],
  ];
  for (const [text, plain, sql] of names) {
    it(`reads the table ${text}`, () => {
      assert.deepEqual(problemsOf({ table: text }), []);
      const parameters = bigqueryParameters.parse({ table: text });
      assert.equal(destination.location(parameters, context), plain);
      assert.equal(destination.key(parameters, context), `bigquery:${plain}`);
      assert.equal(sqlName(parseTableName(text)), sql);
    });
  }

  const wrong: [parameters: Record<string, unknown>, problem: RegExp][] = [
    [{ table: 'orders' }, /^table: must be `project:dataset.table`/],
    [{ table: 'test.orders' }, /^table: must be `project:dataset.table`/],
    [{ table: 'p-1:d.t`; DROP TABLE x' }, /^table: must be/],
    [{ table: 'p-1:d.orders$20260101' }, /^table: names a partition \(`\$20260101`\)/],
    [{ table: 'p-1:d._beamline_commits' }, /^table: must not begin with `_beamline_`/],
    [
      { schema: 'id:INTEGR' },
      /^schema: field `id`: type `INTEGR` is unknown \(STRING, BYTES, INT64/,
    ],
    [{ schema: 'id:INTEGER,ID:STRING' }, /^schema: field `id` is there twice/],
    [{ schema: 'whatever' }, /^schema: `whatever` is no `name:TYPE`/],
    [{ schema: '[{"name": "a"}]' }, /^schema: field `a`: type `undefined` is unknown/],
    [{ partitioning: 'WEEK' }, /^partitioning: /],
    [{ require_partition_filter: true }, /^require_partition_filter: needs `partitioning`/],
    [{ clustering: 'a,b,c,d,e' }, /^clustering: names 5 columns/],
    [{ clustering: ['a', 'A'] }, /^clustering: names a column twice/],
    [{ expiration: '30 days' }, /^expiration: must be a duration such as `30d`/],
    [{ labels: { Team: 'x' } }, /^labels/],
    [{ create_disposition: 'CREATE' }, /^create_disposition: /],
    [{ write_disposition: 'WRITE_TRUNCATE' }, /write_disposition/],
  ];
  for (const [parameters, problem] of wrong) {
    it(`refuses ${JSON.stringify(parameters)}`, () => {
      const problems = problemsOf(parameters);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  it('takes what pydataflow-template takes', () => {
    const parameters = bigqueryParameters.parse({
      table,
      partitioning: 'day',
      partitioning_field: 'date',
      clustering: '',
      gcs_temp_location: 'gs://lake/tmp',
    });
    assert.equal(parameters.partitioning, 'DAY');
    assert.deepEqual(bigqueryParameters.parse(parameters), parameters);
    const empty = bigqueryParameters.parse({ table, partitioning: '', partitioning_field: 'date' });
    assert.equal(empty.partitioning, undefined);
  });

  describe('a schema file', () => {
    let root: string;
    let remove: () => Promise<void>;

    beforeEach(async () => {
      ({ root, remove } = await temporaryRoot());
    });
    afterEach(() => remove());

    const pin = (schema: string) =>
      destination.pin?.(bigqueryParameters.parse({ table, schema }), {
        root,
        outsideRoots: (path) => outsideRoots(path, root),
      });

    it('goes into the plan with all that it says', async () => {
      const fields = [
        { name: 'id', type: 'INTEGER', mode: 'REQUIRED', policyTags: { names: ['x'] } },
        { name: 'at', type: 'TIMESTAMP', mode: 'NULLABLE' },
      ];
      await writeFile(join(root, 'orders.json'), JSON.stringify(fields));
      const pinned = pin('orders.json');
      assert.ok(pinned && 'parameters' in pinned);
      assert.deepEqual(JSON.parse(pinned.parameters.schema), fields);
      assert.deepEqual(bigqueryParameters.parse(pinned.parameters), pinned.parameters);
    });

    it('is refused with its name, field, type and what is allowed', async () => {
      await writeFile(join(root, 'orders.json'), '[{"name": "id", "type": "INTEGR"}]');
      assert.deepEqual(pin('orders.json'), {
        problem: {
          parameter: 'schema',
          message:
            'orders.json: field `id`: type `INTEGR` is unknown (STRING, BYTES, INT64, FLOAT64, BOOL, TIMESTAMP, ' +
            'DATE, TIME, DATETIME, GEOGRAPHY, NUMERIC, BIGNUMERIC, JSON, STRUCT, INTERVAL, RANGE)',
        },
      });
      await writeFile(join(root, 'text.json'), 'id:INTEGER');
      for (const [path, why] of [
        ['text.json', /text.json: is no JSON/],
        ['none.json', /none.json: no such file; paths start at the project root/],
      ] as const) {
        const pinned = pin(path);
        assert.ok(pinned && 'problem' in pinned, path);
        assert.match(pinned.problem.message, why);
      }
    });
  });
});
