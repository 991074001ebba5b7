import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import type { ReadyChild } from '../support/child.js';
import { loadMariadb, loadPostgres, sample } from '../support/sample-table.js';
import { startDatabase, type Database } from '../support/stack.js';
import { startProject, type Project } from './project.js';

const folder = process.env['BEAMLINE_REFERENCE'] ?? join(packageRoot, '..', 'shared', 'reference');
const project = 'py-dataflow';
const rows = [
  ['1', 'test data1', '2023-01-01', 'memo1'],
  ['2', 'test data2', '2023-02-02', null],
  ['3', 'test data3', '2023-03-03', 'memo3'],
  ['4', 'test data4', '2023-04-04', null],
  ['5', 'test data5', '2023-05-05', null],
];

/** Those that need no table that is there already: what each leaves behind. */
const examples: Record<string, Record<string, unknown[][]>> = {
  'postgres_to_bigquery.json': { postgres_to_bigquery_sample_output: rows },
  'mysql_to_bigquery.json': { mysql_to_bigquery_sample_output: rows },
  'postgres_to_bigquery_multi_pipeline.json': {
    'postgres_to_bigquery_sample_output-1': rows,
    postgres_to_bigquery_sample_output_2: rows,
  },
  'beamsql.json': {
    // The same input twice: UNION ALL has each of its groups twice.
    beamsql_sample_output: rows
      .flatMap((row) => [row, row])
      .map(([id = '', name = '']) => [id, name, '1']),
  },
};

describe('the examples of satokiyo/pydataflow-template, byte for byte', function () {
  this.timeout(240_000);
  let site: Project;
  let postgres: ReadyChild<Database>;
  let mariadb: ReadyChild<Database>;

  before(async function () {
    if (!existsSync(folder)) {
      console.log(`      skipped: ${folder} is not there`);
      this.skip();
    }
    [site, postgres, mariadb] = await Promise.all([
      startProject(),
      startDatabase('postgres'),
      startDatabase('mariadb'),
    ]);
    await Promise.all([loadPostgres(postgres.ready), loadMariadb(mariadb.ready)]);
    await cp(folder, join(site.root, 'reference'), { recursive: true });
    writeFileSync(
      join(site.root, 'connections.json'),
      JSON.stringify({
        test_postgres: at(postgres.ready.port),
        test_mysql: at(mariadb.ready.port),
      }),
    );
    await site.bigquery('POST', `/projects/${project}/datasets`, {
      datasetReference: { projectId: project, datasetId: 'test' },
    });
  });
  after(async () => {
    await Promise.all([site?.stop(), postgres?.end(), mariadb?.end()]);
  });

  it('are all run here', () => {
    const names = readdirSync(folder).filter(
      (name) => name.endsWith('.json') && name !== 'connections.json',
    );
    const here = [
      ...Object.keys(examples),
      'bigquery_to_bigquery.json',
      'postgres_to_bigquery_incremental_append.json',
      'postgres_to_bigquery_incremental_merge.json',
    ];
    assert.deepEqual(names.toSorted(), here.toSorted());
  });

  for (const runner of ['local', 'dataflow']) {
    for (const [name, tables] of Object.entries(examples)) {
      it(`${name} with the runner ${runner}`, async () => {
        for (const table of Object.keys(tables)) await dropTable(table);
        await run(name, runner);
        for (const [table, expected] of Object.entries(tables)) {
          assert.deepEqual(await tableOf(table), expected);
        }
      });
    }

    it(`bigquery_to_bigquery.json with the runner ${runner}`, async () => {
      const table = 'bigquery_to_bigquery_sample_output';
      await dropTable(table);
      await run('bigquery_to_bigquery.json', runner);
      const source = await query(
        'SELECT * FROM `bigquery-public-data.samples.shakespeare` LIMIT 100',
      );
      assert.ok(source.length > 0);
      assert.deepEqual(sorted(await tableOf(table)), sorted(source));
    });

    it(`postgres_to_bigquery_incremental_append.json with the runner ${runner}, run after run`, async () => {
      const table = 'postgres_to_bigquery_incremental_append_sample_output';
      await createTable(table);
      const name = 'postgres_to_bigquery_incremental_append.json';
      await run(name, runner);
      assert.deepEqual(await tableOf(table), rows);
      await run(name, runner);
      assert.deepEqual(await tableOf(table), rows);
      const late = ['6', 'test data6', daysAgo(1), 'late'];
      await onPostgres('INSERT INTO test VALUES ($1, $2, $3, $4)', late);
      try {
        await run(name, runner);
        // Its day is over, and lies before where the last window ended: an append does not look back.
        assert.deepEqual(await tableOf(table), rows);
      } finally {
        await onPostgres('DELETE FROM test WHERE id = 6');
      }
    });

    it(`postgres_to_bigquery_incremental_merge.json with the runner ${runner}, run after run`, async () => {
      const table = 'postgres_to_bigquery_incremental_merge_sample_output';
      await createTable(table);
      const name = 'postgres_to_bigquery_incremental_merge.json';
      await onPostgres('INSERT INTO test VALUES (7, $1, $2, $3), (8, $4, $5, NULL)', [
        'recent',
        daysAgo(3),
        'first',
        'today',
        daysAgo(0),
      ]);
      try {
        await run(name, runner);
        const recent = ['7', 'recent', daysAgo(3), 'first'];
        const today = ['8', 'today', daysAgo(0), null];
        assert.deepEqual(await tableOf(table), [recent, today]);
        await onPostgres("UPDATE test SET memo = 'second' WHERE id = 7");
        await run(name, runner);
        assert.deepEqual(await tableOf(table), [[...recent.slice(0, 3), 'second'], today]);
      } finally {
        await onPostgres('DELETE FROM test WHERE id > 6');
      }
    });
  }

  it('leave no staging table behind', async () => {
    const { tables = [] } = (await site.bigquery(
      'GET',
      `/projects/${project}/datasets/test/tables`,
    )) as {
      tables?: { tableReference: { tableId: string } }[];
    };
    const left = tables
      .map(({ tableReference: { tableId } }) => tableId)
      .filter((id) => id.startsWith('_beamline') && id !== '_beamline_commits');
    assert.deepEqual(left, []);
  });

  async function run(name: string, runner: string): Promise<void> {
    const { exitCode, output } = await site.shell(
      `./beamline run reference/${name} --runner ${runner} --profile connections.json --allow-plaintext-profile`,
    );
    assert.equal(exitCode, 0, output);
  }

  async function onPostgres(sql: string, values: unknown[] = []): Promise<void> {
    const { host, port } = postgres.ready;
    const client = new Client({ host, port, ...sample });
    await client.connect();
    try {
      await client.query(sql, values);
    } finally {
      await client.end();
    }
  }

  /** What the examples with CREATE_NEVER ask for; twice gives an empty table, new to Beamline. */
  async function createTable(table: string): Promise<void> {
    await dropTable(table);
    const fields = ['id INTEGER', 'name STRING', 'date DATE', 'memo STRING'];
    await site.bigquery('POST', `/projects/${project}/datasets/test/tables`, {
      tableReference: { projectId: project, datasetId: 'test', tableId: table },
      schema: {
        fields: fields.map((field) => {
          const [name, type] = field.split(' ');
          return { name, type };
        }),
      },
      timePartitioning: { type: 'DAY', field: 'date' },
    });
  }

  /** With its log: the other runner begins anew. */
  async function dropTable(table: string): Promise<void> {
    await query(`DROP TABLE IF EXISTS \`${project}.test.${table}\``);
    const log = `${project}.test._beamline_commits`;
    await query(`DROP TABLE IF EXISTS \`${log}\``);
  }

  function tableOf(table: string): Promise<unknown[][]> {
    return query(`SELECT * FROM \`${project}.test.${table}\` ORDER BY 1`);
  }

  function query(sql: string): Promise<unknown[][]> {
    return site.query(sql, project);
  }
});

function at(port: number): object {
  return { host: '127.0.0.1', port, ...sample };
}

function sorted(given: unknown[][]): string[] {
  return given.map((row) => JSON.stringify(row)).toSorted();
}

/** A day in UTC, the pipelines' zone. */
function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
