import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/stack.js';
import { startProject, type Project } from './project.js';

interface Block {
  language: string;
  flag: string;
  text: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(projectRoot, 'docs', page), 'utf8');
  return [...text.matchAll(/^```(\w+) ?(\S*)\n([^]*?)^```$/gm)].map(
    ([, language = '', flag = '', body = '']) => ({ language, flag, text: body }),
  );
}

interface Page {
  page: string;
  /** Where the reader has put its first config. */
  config?: string;
  /** What else the reader has done. */
  first?: string;
  says: string[];
}

/** A run that fails in its job. */
const failing = `cat > configs/failing.yaml <<'END'
name: failing
sources:
  - { name: rows, module: files, parameters: { path: examples/data/customers.csv, format: csv } }
transforms:
  - { name: numbers, module: sql, inputs: [rows], parameters: { sql: select name::int as n from rows } }
sinks:
  - { name: out, module: duckdb, input: numbers, parameters: { database: data/x.duckdb, table: t } }
END
beamline run configs/failing.yaml --runner dataflow || true`;

/** Pages whose commands run as they stand, in the order in which a reader meets them. */
const pages: Page[] = [
  { page: 'runs.md', says: ['data/flights_of_month_3', 'runPipeline'] },
  { page: 'bigquery.md', config: 'customers.yaml', says: ['done', 'Ada Lovelace', '4 rows'] },
  { page: 'incremental-and-merge.md', says: ['336,776 rows', 'read 0 rows'] },
  { page: 'sync.md', says: ['examples/flights.yaml'] },
  { page: 'failures.md', first: failing, says: ['numbers', 'Ada Lovelace'] },
  { page: 'orphans.md', first: 'eval "$(beamline dev env)"', says: ['nothing was left behind'] },
  { page: 'dataflow.md', says: ['job id', 'Dataflow would take this launch.'] },
  // Its runs fail, and go on for a while.
  { page: 'schedules.md', config: 'orders.yaml', says: ['orders-hourly'] },
];

describe('the pages, on the stack of the demo', function () {
  this.timeout(180_000);
  let project: Project;
  before(async () => {
    project = await startProject();
    mkdirSync(join(project.root, 'node_modules'));
    symlinkSync(projectRoot, join(project.root, 'node_modules', 'beamline'));
  });
  after(() => project?.stop());

  for (const { page, config, first = '', says } of pages) {
    it(`the commands of docs/${page} do what it says`, async () => {
      const blocks = blocksOf(page);
      if (config !== undefined) {
        const yaml = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
        writeFileSync(join(project.root, 'configs', config), yaml);
      }
      const commands = blocks.filter(({ language, flag }) => language === 'sh' && flag === '');
      const lines = ['set -e', first, ...commands.map(({ text }) => text)];
      const { exitCode, output: said } = await project.shell(lines.join('\n'));
      assert.equal(exitCode, 0, said);
      for (const each of says) assert.ok(said.includes(each), `${each} is not in\n${said}`);
    });
  }

  it('the program of docs/client.md runs as it stands', async () => {
    const program = blocksOf('client.md').find(({ language }) => language === 'ts');
    writeFileSync(join(project.root, 'program.mjs'), program?.text ?? '');
    const { exitCode, output } = await project.shell(`'${process.execPath}' program.mjs`);
    assert.equal(exitCode, 0, output);
    assert.match(output, /succeeded 2\d{4}\n?$/);
  });

  it('other programs find the stack by `beamline dev env`', async () => {
    const { output } = await project.shell(
      'eval "$(beamline dev env)"; temporal workflow list --limit 1; echo "$BIGQUERY_EMULATOR_HOST"',
    );
    assert.match(output, /runPipeline/);
    assert.match(output, /http:\/\/127\.0\.0\.1:\d+\n?$/);
  });

  it('`beamline dev query` shows rows, and says what BigQuery refuses', async () => {
    const sql = `SELECT 1 AS id, 'a\nb' AS text, [STRUCT(NULL AS x)] AS list, TIMESTAMP '2026-01-02 03:04:05Z' AS at`;
    const { output } = await project.shell(`beamline dev query "${sql}"`);
    assert.match(output, /^id +text +list +at\n1 +a b +\[\{"x":null\}\] +2026-01-02T03:04:05/);
    assert.match(output, /\n1 row\n?$/);
    const many = await project.shell(
      'beamline dev query "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 101)) n"',
    );
    assert.match(many.output, /the first 100 of 101 rows\n?$/);
    const refused = await project.shell('beamline dev query "SELECT nothing"');
    assert.equal(refused.exitCode, 2);
    assert.match(refused.output, /nothing/);
  });
});
