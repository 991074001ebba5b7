import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { blocksOf } from '../support/page.js';
import { startPubSub, type PubSubServer } from '../support/pubsub.js';
import { projectRoot } from '../support/stack.js';
import { commandsOf, readPage, type Page } from './page-reader.js';
import { startProject, type Project } from './project.js';

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

const inFolder = 'eval "$(cd .. && beamline dev env)"';
const orders = `name: orders
sources: [{ name: orders, module: postgres, parameters: { profile: shop, query: select 1 as id } }]
sinks: [{ name: out, module: duckdb, input: orders, parameters: { database: data/x.duckdb, table: t } }]
`;
/** The demo's database, under the name that pages use. */
const profiles = 'sed s/flights_db/shop/ ../.beamline/demo/connections.json > .connections.json';

/** Stands for Pub/Sub, with a message that the worker of the page takes. */
let pubsub: PubSubServer;
const subscription = 'projects/PROJECT/subscriptions/beamline-jobs';

/** Pages whose commands run as they stand, in the order in which a reader meets them. */
const pages: Page[] = [
  { page: 'runs.md', says: ['data/flights_of_month_3', 'runPipeline'] },
  {
    page: 'bigquery.md',
    files: { 'configs/customers.yaml': true },
    says: ['done', 'Ada Lovelace', '4 rows'],
  },
  { page: 'incremental-and-merge.md', says: ['336,776 rows', 'read 0 rows'] },
  { page: 'sync.md', says: ['examples/flights.yaml'] },
  { page: 'failures.md', first: failing, says: ['numbers', 'Ada Lovelace'] },
  { page: 'orphans.md', first: 'eval "$(beamline dev env)"', says: ['nothing was left behind'] },
  { page: 'dataflow.md', says: ['job id', 'Dataflow would take this launch.'] },
  {
    page: 'connections.md',
    folder: 'shop',
    files: { 'configs/orders.yaml': orders },
    first: `${inFolder}; ${profiles}; cp .connections.json prod.json`,
    says: ['ok  shop  postgres'],
  },
  {
    page: 'config.md',
    folder: 'validated',
    files: { 'configs/orders.yaml': true, '.connections.json': true },
    says: ['1 file, no problems.'],
  },
  {
    page: 'coming-from-pydataflow-template.md',
    folder: 'migrated',
    files: { 'configs/orders.json': JSON.stringify(parse(orders)) },
    first: profiles,
    says: ['configs/orders.json', '1 to run as it is', '"same": 1'],
  },
  {
    page: 'emulator.md',
    folder: 'emulated',
    needs: 'curl',
    last: 'curl --silent http://127.0.0.1:8090/emulator/faults; curl --silent http://127.0.0.1:8095/bigquery/v2/projects/any/datasets',
    says: ['"fault":"event_lost"', '"kind": "bigquery#datasetList"', 'BigQuery emulator: http'],
  },
  {
    page: 'events.md',
    folder: 'events',
    files: { 'beamline.yaml': true },
    first: () => `${inFolder}; export PUBSUB_EMULATOR_HOST=${pubsub.address}`,
    until: () => pubsub.stateOf(subscription).open === 0,
    last: `'${process.execPath}' -e "fetch('http://127.0.0.1:8080/events/dataflow', { method: 'POST' }).then((answer) => console.log(answer.status))"`,
    says: ['"event":"ready","url":"http://127.0.0.1:8080"', '"event":"ready","pid"', '401'],
  },
  {
    page: 'container.md',
    folder: 'beam-pipeline',
    last: 'cat beamline.json',
    says: ['my-project/beamline/launcher:0.1.0'],
  },
  { page: 'docker-compose.md', says: [] },
  // Its runs fail, and go on for a while.
  { page: 'schedules.md', files: { 'configs/orders.yaml': true }, says: ['orders-hourly'] },
];

/** What tests the shell blocks of the other pages. */
const elsewhere: Record<string, string> = {
  'first-pipeline.md': 'examples/first-pipeline.test.ts',
  'cli.md': 'cli/completion.test.ts',
  'make.md': 'house/makefile.test.ts',
  'benchmarks.md': 'house/readme.test.ts',
  'chaos.md': 'house/readme.test.ts',
};

describe('the pages, on the stack of the demo', function () {
  this.timeout(180_000);
  this.retries(0); // What a page's commands made is there on a second try, which would say so and not why.
  let project: Project;
  before(async () => {
    project = await startProject();
    mkdirSync(join(project.root, 'node_modules'));
    symlinkSync(projectRoot, join(project.root, 'node_modules', 'beamline'));
  });
  before(async () => {
    pubsub = await startPubSub();
    pubsub.createSubscription(subscription);
    pubsub.publish(subscription, { body: 'no event' });
  });
  after(async () => {
    await project?.stop();
    pubsub?.close();
  });

  it('are all run here, or by another test', () => {
    const withCommands = readdirSync(join(projectRoot, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .filter((name) => commandsOf(name).length > 0);
    const run = [...pages.map(({ page }) => page), ...Object.keys(elsewhere)];
    assert.deepEqual(withCommands.toSorted(), run.toSorted());
    for (const file of Object.values(elsewhere)) {
      assert.ok(existsSync(join(projectRoot, 'test', file)), file);
    }
  });

  for (const page of pages) {
    it(`the commands of docs/${page.page} do what it says`, async function () {
      const { needs } = page;
      if (needs !== undefined && (await project.shell(`command -v ${needs}`)).exitCode !== 0) {
        console.log(`    (${needs} is not on this machine: skipped)`);
        this.skip();
      }
      const said = await readPage(project, page);
      for (const each of page.says) assert.ok(said.includes(each), `${each} is not in\n${said}`);
    });
  }

  it('the program of docs/client.md runs as it stands', async () => {
    const program = blocksOf('docs/client.md').find(({ language }) => language === 'ts');
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
