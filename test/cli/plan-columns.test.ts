import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryFolder } from '../config/support.js';
import { onDuckdb } from '../destinations/support.js';
import { beamline } from './beamline.js';

/** Each is wrong in one way that only the columns tell. */
const config = `
sources:
  - { name: people, module: files, parameters: { path: people.csv, format: csv } }
transforms:
  - name: twice
    module: select
    inputs: [people]
    parameters: { computed: { ID: id } }
sinks:
  - name: warehouse
    module: bigquery
    input: people
    parameters: { table: 'proj-a:shop.people' }
  - name: archive
    module: duckdb
    input: twice
    parameters: { database: w.duckdb, table: people }
  - name: lake
    module: files
    input: people
    parameters: { path: lake, partition_by: [day] }
`;

describe('beamline plan, of columns that a destination cannot take', () => {
  const folder = temporaryFolder();

  it('says file, line, key, sink, column and what to do, and nothing is written', () => {
    folder.write('people.csv', 'first name,id\nAda,1\n');
    folder.write('a.yaml', config);
    const { status, stderr } = beamline(folder.path, 'plan', 'a.yaml');
    assert.equal(status, 2);
    const [one = '', two = '', three = '', ...rest] = stderr.trimEnd().split('\n');
    assert.match(
      one,
      /^a\.yaml:12:12 +sinks\[0\]\.input +sink `warehouse`: BigQuery does not take the name `first name` \(.*\)\. Rename .*`rename: \{"first name": first_name\}`\.$/,
    );
    assert.match(
      two,
      /^a\.yaml:16:12 +sinks\[1\]\.input +sink `archive`: columns `id` and `ID` differ only .*`rename: \{ID: ID_2\}`\.$/,
    );
    assert.match(
      three,
      /^a\.yaml:21:\d+ +sinks\[2\]\.parameters\.partition_by +sink `lake`: .*no column `day`/,
    );
    assert.deepEqual(rest, ['', '3 problems in 1 file.']);
  });

  it('says file, line, key and step of a column that its SQL misspells, though the message names the step', () => {
    folder.write('people.csv', 'name,id\nAda,1\n');
    const sql = `
  - { name: counted, module: sql, inputs: [people], parameters: { sql: 'select nam from people' } }
`;
    folder.write(
      'sql.yaml',
      config
        .replace(/transforms:[^]*sinks:/, `transforms:${sql}sinks:`)
        .replace('twice', 'counted'),
    );
    const { status, stderr } = beamline(folder.path, 'plan', 'sql.yaml');
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^sql\.yaml:5:\d+ +transforms\[0\]\.parameters\.sql +transform counted: .*"nam" not found/,
    );
  });

  it('says it of a source, too, whose message names none', () => {
    folder.write('missing.yaml', config);
    const { status, stderr } = beamline(folder.path, 'plan', 'missing.yaml');
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^missing\.yaml:3:\d+ +sources\[0\]\.parameters\.path +source people: .*people\.csv/,
    );
  });

  it('says so of a table that is there and has not all of them, and of a folder that is not ours', async () => {
    folder.write('people.csv', 'name,id\nAda,1\n');
    folder.write('lake/note.txt', 'mine');
    await onDuckdb(join(folder.path, 'w.duckdb'), 'CREATE TABLE people (id BIGINT)');
    folder.write(
      'there.yaml',
      `
sources:
  - { name: people, module: files, parameters: { path: people.csv, format: csv } }
sinks:
  - name: archive
    module: duckdb
    input: people
    mode: append
    parameters: { database: w.duckdb, table: people }
  - name: lake
    module: files
    input: people
    parameters: { path: lake }
`,
    );
    const { status, stderr } = beamline(folder.path, 'plan', 'there.yaml');
    assert.equal(status, 2);
    const [one = '', two = ''] = stderr.trimEnd().split('\n');
    assert.match(
      one,
      /^there\.yaml:5:5 +sinks\[0\] +sink `archive`: .*the table has no column `name`/,
    );
    assert.match(
      two,
      /^there\.yaml:10:5 +sinks\[1\] +sink `lake`: .*files that Beamline did not write/,
    );
    const offline = beamline(folder.path, 'plan', 'there.yaml', '--offline');
    assert.equal(offline.status, 0);
  });

  it('says which destination it could not look at', () => {
    folder.write('people.csv', 'name,id\nAda,1\n');
    const [sources = ''] = config.split('transforms:');
    const sinks = `
sinks:
  - { name: warehouse, module: bigquery, input: people, parameters: { table: 'proj-a:shop.people' } }
`;
    folder.write('far.yaml', sources + sinks);
    const { status, stderr } = beamline(folder.path, 'plan', 'far.yaml');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Sink warehouse was not compared with what is there: /);
  });

  it('is not asked with --offline', () => {
    folder.write('people.csv', 'first name,id\nAda,1\n');
    folder.write('a.yaml', config);
    assert.equal(beamline(folder.path, 'plan', 'a.yaml', '--offline').status, 0);
  });

  it('prints every column that a sink gets, however many there are', () => {
    const names = Array.from({ length: 40 }, (_, index) => `a_long_column_${index}`);
    folder.write('people.csv', `${names.join(',')}\n${names.map(() => 1).join(',')}\n`);
    const sink = `
  - { name: lake, module: files, input: people, parameters: { path: lake } }
`;
    const [sources = ''] = config.split('transforms:');
    folder.write('wide.yaml', `${sources}sinks:${sink}`);
    const { stdout } = beamline(folder.path, 'plan', 'wide.yaml');
    for (const name of names) assert.ok(stdout.includes(`${name} `), name);
  });
});
