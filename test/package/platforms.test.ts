import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { pythonPath } from '../../src/process/python.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { publishedIn } from '../examples/published.js';
import { startReadyChild } from '../support/child.js';
import { projectRoot, startTemporal, temporaryRoot, type WorkerReady } from '../support/stack.js';

const config = `name: orders
sources: [{ name: orders, module: files, parameters: { path: orders.csv, format: csv } }]
transforms:
  - { name: sums, module: sql, inputs: [orders], parameters: { sql: "select name, sum(n) as n from orders group by name" } }
sinks:
  - { name: table, module: duckdb, input: sums, parameters: { database: data/w.duckdb, table: sums } }
  - { name: lake, module: files, input: orders, parameters: { path: data/lake, format: parquet } }
`;
const published = {
  'w.duckdb main.sums': [
    ['Ada', '4'],
    ['Grace', '2'],
  ],
  lake: [
    ['Ada', '1'],
    ['Ada', '3'],
    ['Grace', '2'],
  ],
};

/** Loads every module, as a run does with those of its plan. */
const everyModule = `
import beam_pipeline
from beam_pipeline.modules import registry
for kind in registry.KINDS:
    for module in registry.discover(kind):
        module.transform_type
print(beam_pipeline.__file__)
`;

/** What an installer says that reached no registry. */
const noNetwork =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|dns error|tcp connect error|operation timed out|name resolution/i;

/** The versions that are supported, beside those that run all the other tests. */
describe('a pipeline, installed and run', function () {
  this.timeout(180_000);
  let environment: TestWorkflowEnvironment;
  let removals: (() => Promise<void>)[] = [];

  before(async () => {
    environment = await startTemporal();
  });
  after(async () => {
    await environment?.teardown();
    await Promise.all(removals.map((remove) => remove()));
    removals = [];
  });

  it('under Node.js 24', async function () {
    // Kept: the second time needs no network.
    const program = join(projectRoot, '.node', '24', 'bin', 'node');
    const here = await execa(program, ['--version'], { reject: false });
    if (here.exitCode !== 0) {
      const brought = await bring('provision.node_runtime', '24', program);
      if (brought.skip !== undefined) return skip(this, brought.skip);
    }
    const { stdout } = await execa(program, ['--version']);
    assert.match(stdout, /^v24\./);
    await assertRuns(program, pythonPath());
  });

  for (const version of ['3.11', '3.12', '3.13']) {
    it(`under Python ${version}, from the metadata of the wheel`, async function () {
      const folder = await temporary();
      const brought = await bring('provision.other_python', version, folder);
      if (brought.skip !== undefined) return skip(this, brought.skip);
      const python = join(folder, 'bin', 'python');
      const { stdout } = await execa(python, ['--version']);
      assert.ok(stdout.startsWith(`Python ${version}.`), stdout);
      // A run takes the sources of the clone; these are the wheel's.
      const loaded = await execa(python, ['-I', '-c', everyModule], { cwd: folder });
      assert.ok(loaded.stdout.startsWith(folder), loaded.stdout);
      // All the other tests run pipelines under this one.
      const own = await execa(pythonPath(), ['--version']);
      if (!own.stdout.startsWith(`Python ${version}.`)) await assertRuns(process.execPath, python);
    });
  }

  async function assertRuns(node: string, python: string): Promise<void> {
    const root = await temporary();
    await writeFile(join(root, 'orders.yaml'), config);
    await writeFile(join(root, 'orders.csv'), 'name,n\nAda,1\nGrace,2\nAda,3\n');
    const options = {
      cwd: root,
      env: { ...process.env, TEMPORAL_ADDRESS: environment.address, BEAMLINE_PYTHON: python },
    };
    const queue = `--task-queue=${root}`;
    const worker = await startReadyChild<WorkerReady>(node, [main('worker'), queue], options);
    try {
      const command = [main('cli'), 'run', 'orders.yaml', queue, '--json'];
      const { stdout, stderr } = await execa(node, command, { ...options, reject: false });
      assert.match(stdout, /^\{/, stderr);
      const receipt = JSON.parse(stdout) as Receipt;
      assert.deepEqual([receipt.outcome, receipt.rows_read], ['succeeded', 3], stdout);
    } finally {
      await worker.end();
    }
    assert.deepEqual(await publishedIn(join(root, 'data')), published);
  }

  async function temporary(): Promise<string> {
    const { root, remove } = await temporaryRoot();
    removals.push(remove);
    return root;
  }
});

function skip(test: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return test.skip();
}

async function bring(module: string, version: string, where: string): Promise<{ skip?: string }> {
  const { exitCode, stderr } = await execa(
    join(projectRoot, 'scripts', 'python'),
    ['-m', module, version, where],
    { reject: false },
  );
  if (exitCode === 3) return { skip: `there is no Python ${version} here` };
  if (exitCode !== 0 && noNetwork.test(stderr)) return { skip: `no network: ${stderr}` };
  assert.equal(exitCode, 0, stderr);
  return {};
}

function main(part: string): string {
  return join(projectRoot, 'dist', 'src', part, 'main.js');
}
