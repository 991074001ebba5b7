import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { pythonEnvironment, pythonPath } from '../../src/process/python.js';
import { manifest, type ManifestSink } from '../../src/shared/run/manifest.js';
import { newDataset, startForTests, type TestDataset } from '../destinations/bigquery/support.js';
import { filesSink } from '../destinations/files/support.js';
import { done, failed, onDuckdb, publishTask, type TestSink } from '../destinations/support.js';
import type { ReadyChild } from '../support/child.js';
import {
  profileOf,
  projectRoot,
  startDatabase,
  temporaryRoot,
  type Database,
} from '../support/stack.js';

interface TypeRow {
  type: string;
  value: string;
  duckdb: string;
  bigquery: string;
  back: string;
}

const page = readFileSync(join(projectRoot, 'docs', 'types.md'), 'utf8');

/** The rows of the table under a heading. */
function rowsUnder(heading: string): TypeRow[] {
  return cellsUnder(heading).map(
    ([type = '', value = '', duckdb = '', bigquery = '', back = '']) => ({
      type,
      value,
      duckdb,
      bigquery,
      back,
    }),
  );
}

function cellsUnder(heading: string): string[][] {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = text.split('\n## ');
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [...line.matchAll(/`([^`]*)`/g)].map(([, cell = '']) => cell));
}

interface EdgeRow {
  type: string;
  value: string;
  duckdb: string;
  bigquery: string;
  csv: string;
  jsonl: string;
}

function edgeRows(): EdgeRow[] {
  return cellsUnder('Values that not every destination has').map(
    ([type = '', value = '', duckdb = '', bigquery = '', csv = '', jsonl = '']) => ({
      type,
      value,
      duckdb,
      bigquery,
      csv,
      jsonl,
    }),
  );
}

/** Creates table `types`: a column `c<n>` for each type, a row with the values, and one of NULLs. */
const setUp = `
import json, sys
given = json.load(sys.stdin)
if given["kind"] == "postgres":
    import psycopg
    connect, to = psycopg.connect, "dbname"
else:
    import pymysql
    connect, to = pymysql.connect, "database"
at = given["at"]
with connect(host=at["host"], port=at["port"], user=at["user"], password=at["password"],
             **{to: at["database"]}, autocommit=True) as connection, connection.cursor() as cursor:
    if given["kind"] != "postgres":
        cursor.execute("SET time_zone = '+00:00'")
    columns = ", ".join(f"c{i} {t} NULL" for i, t in enumerate(given["types"]))
    table = given.get("table", "types")
    cursor.execute(f"CREATE TABLE {table} (n INT, {columns})")
    marks = ", ".join("%s" for _ in given["values"])
    values = [bytes.fromhex(v["hex"]) if isinstance(v, dict) else v for v in given["values"]]
    cursor.execute(f"INSERT INTO {table} VALUES (1, {marks})", values)
    cursor.execute(f"INSERT INTO {table} (n) VALUES (2)")
`;

for (const [heading, kind, module] of [
  ['PostgreSQL', 'postgres', 'postgres'],
  ['MySQL', 'mariadb', 'mysql'],
] as const) {
  describe(`docs/types.md: ${heading}`, function () {
    this.timeout(90_000);
    const types = rowsUnder(heading);
    let root: string;
    let database: ReadyChild<Database>;
    let dataset: TestDataset;
    const ends: (() => Promise<unknown>)[] = [];

    before(async () => {
      const made = await temporaryRoot();
      ({ root } = made);
      ends.push(made.remove);
      const [started, server] = await Promise.all([startForTests(root), startDatabase(kind)]);
      database = server;
      ends.push(started.stop, () => server.end());
      dataset = await newDataset(started.emulator, root);
      const at = profileOf(database.ready);
      await writeFile(join(root, 'profiles.json'), JSON.stringify({ db: at }));
      await execa(pythonPath(), ['-c', setUp], {
        input: JSON.stringify({
          kind,
          at,
          types: types.map(({ type }) => type),
          values: types.map((row) => given(row)),
        }),
      });
    });
    after(async () => {
      for (const end of ends.toReversed()) await end();
    });

    if (kind === 'postgres') {
      it('is what becomes of values that not every destination has', async () => {
        const edges = edgeRows();
        assert.ok(edges.length > 10);
        await execa(pythonPath(), ['-c', setUp], {
          input: JSON.stringify({
            kind,
            at: profileOf(database.ready),
            table: 'edges',
            types: edges.map(({ type }) => type),
            values: edges.map(({ value }) => value),
          }),
        });
        const staged = await stage(root, 'edges', { module, table: 'edges', profile: 'db' });
        // JSON is looked at once it is loaded, after dates and times.
        const documents = edges.flatMap(({ type }, index) =>
          type.startsWith('json') ? [index] : [],
        );
        const query = `SELECT n, ${documents.map((index) => `c${index}`).join(', ')} FROM edges`;
        const json = await stage(root, 'json', { module, query, profile: 'db' });
        const refusedBy = async (sink: TestSink, rows: ManifestSink) => {
          const run = { run: `run-${sink.module}`, base: 0, staged: rows };
          const { type, message } = await failed(publishTask(sink, run));
          assert.equal(type, 'DataError', message);
          return edges.flatMap((_, index) =>
            message.includes(`column \`c${index}\` has 1 `) ? [index] : [],
          );
        };
        const said = (of: (edge: EdgeRow) => string) =>
          edges.flatMap((edge, index) => (of(edge) === 'refused' ? [index] : []));
        assert.deepEqual(
          [
            ...(await refusedBy(dataset.sink(), staged)),
            ...(await refusedBy(dataset.sink(), json)),
          ],
          said(({ bigquery }) => bigquery),
        );
        assert.deepEqual(
          await refusedBy(filesSink(root, { path: 'lines', format: 'jsonl' }), staged),
          said(({ jsonl }) => jsonl),
        );

        const parameters = { database: 'edges.duckdb', table: 'edges' };
        await publish({ module: 'duckdb', root, parameters }, staged);
        const texts = edges.map((_, index) => `c${index}::VARCHAR AS c${index}`).join(', ');
        const inOrder = async (from: string, file = ':memory:') =>
          (await onDuckdb(file, `SELECT ${texts} FROM ${from} ORDER BY n`)).map(Object.values);
        const nulls = edges.map(() => null);
        const there = await inOrder('edges', join(root, 'edges.duckdb'));
        assert.deepEqual(there, [edges.map(({ duckdb }) => duckdb), nulls]);
        await publish(filesSink(root, { path: 'csv', format: 'csv' }), staged);
        const csv = `read_csv('${join(root, 'csv', 'current')}/*.csv', all_varchar = true, allow_quoted_nulls = false)`;
        assert.deepEqual(await inOrder(csv), [edges.map((edge) => edge.csv), nulls]);
      });
    }

    it('is what becomes of each type, in DuckDB, in BigQuery and back', async () => {
      assert.ok(types.length > 10);
      const staged = await stage(root, 'there', { module, table: 'types', profile: 'db' });
      const sink: TestSink = {
        module: 'duckdb',
        root,
        parameters: { database: 'w.duckdb', table: 'types' },
      };
      await publish(sink, staged);
      assert.deepEqual(
        Object.fromEntries(await typesIn(join(root, 'w.duckdb'), 'types')),
        Object.fromEntries(types.map(({ duckdb }, index) => [`c${index}`, duckdb])),
      );
      const values = types.map(({ value }) => value);
      assert.deepEqual(await valuesIn(join(root, 'w.duckdb'), 'types', types), [
        values,
        values.map(() => null),
      ]);

      await publish(dataset.sink(), staged);
      const { schema } = (await dataset.table()) as {
        schema: { fields: { name: string; type: string }[] };
      };
      assert.deepEqual(
        Object.fromEntries(schema.fields.slice(1).map(({ name, type }) => [name, type])),
        Object.fromEntries(types.map(({ bigquery }, index) => [`c${index}`, bigquery])),
      );

      const back = await stage(root, 'back', {
        module: 'bigquery',
        project: 'beamline-test',
        query: `SELECT n, ${types.map(readBack).join(', ')} FROM ${dataset.name}.orders`,
      });
      assert.deepEqual(
        Object.fromEntries(back.schema.slice(1).map(({ name, type }) => [name, type])),
        Object.fromEntries(types.map((row, index) => [`c${index}`, row.back])),
      );
      await publish({ ...sink, parameters: { database: 'w.duckdb', table: 'back' } }, back);
      assert.deepEqual(await valuesIn(join(root, 'w.duckdb'), 'back', types), [
        values,
        values.map(() => null),
      ]);
    });
  });
}

/** The value as the driver takes it. */
function given({ type, value }: TypeRow): string | number | { hex: string } {
  if (type === 'bytea' || type.startsWith('VARBINARY')) return { hex: '00ff61' };
  if (type.startsWith('TIMESTAMP')) return value.replace('+00', ''); // The session is in UTC.
  return value === 'true' && type === 'TINYINT(1)' ? 1 : value;
}

/** Reads with the real data plane, in a process of its own. */
async function stage(
  root: string,
  name: string,
  { module, ...parameters }: Record<string, string>,
): Promise<ManifestSink> {
  const folder = join(root, name);
  await mkdir(folder);
  const plan = {
    version: 1,
    name: 'types',
    timezone: 'UTC',
    sources: [{ name: 'rows', module, parameters }],
    transforms: [],
    sinks: [{ name: 'out', module: 'duckdb', input: 'rows', mode: 'replace' }],
  };
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
  const staging = join(folder, 'staged');
  const flags = [
    `--plan=${join(folder, 'plan.json')}`,
    `--staging=${staging}`,
    `--profiles=${join(root, 'profiles.json')}`,
    '--run_key=typesofall',
    '--attempt=1',
  ];
  const { exitCode, stdout } = await execa(pythonPath(), ['-m', 'beam_pipeline.main', ...flags], {
    env: pythonEnvironment(),
    reject: false,
  });
  assert.equal(exitCode, 0, stdout);
  const read = manifest.parse(JSON.parse(readFileSync(join(staging, 'manifest.json'), 'utf8')));
  const sink = read.sinks['out'];
  assert.ok(sink);
  return sink;
}

async function publish(sink: TestSink, staged: ManifestSink): Promise<void> {
  const request = publishTask(sink, { run: `run-${sink.module}`, base: 0, staged });
  assert.equal((await done(request)).rows, 2);
}

async function typesIn(file: string, table: string): Promise<[string, string][]> {
  const rows = await onDuckdb(file, `SELECT column_name, column_type FROM (DESCRIBE ${table})`);
  return rows.slice(1).map((row) => [String(row['column_name']), String(row['column_type'])]);
}

function readBack({ bigquery }: TypeRow, index: number): string {
  return bigquery === 'BIGNUMERIC' ? `CAST(c${index} AS STRING) AS c${index}` : `c${index}`;
}

/** The values of both rows as texts of the type that they had at first. */
async function valuesIn(file: string, table: string, types: TypeRow[]): Promise<unknown[][]> {
  const columns = types.map(({ duckdb }, index) => `c${index}::${duckdb}::VARCHAR AS c${index}`);
  const rows = await onDuckdb(file, `SELECT ${columns.join(', ')} FROM ${table} ORDER BY n`);
  return rows.map((row) => Object.values(row));
}
