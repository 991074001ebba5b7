import assert from 'node:assert/strict';
import { temporaryFolder } from '../config/support.js';
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

  it('is not asked with --offline', () => {
    folder.write('people.csv', 'first name,id\nAda,1\n');
    folder.write('a.yaml', config);
    assert.equal(beamline(folder.path, 'plan', 'a.yaml', '--offline').status, 0);
  });
});
