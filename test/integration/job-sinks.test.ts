import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { ReadyChild } from '../support/child.js';
import { copyClone, type CopiedClone } from '../support/copied-clone.js';
import { duckdbRows } from '../support/pipeline.js';
import { projectRoot, startTemporal, temporaryRoot, type WorkerReady } from '../support/stack.js';

const files = 12;
const rows = 50;
const taskQueue = 'job-sinks';

/**
 * No sink in the job is shipped: the tests have one, `recording`, which writes each row to a file. It comes in by
 * a copy of the clone, as a new one would: a search path would be a second way in, for tests alone.
 */
describe('a sink that writes while the job runs', function () {
  this.timeout(240_000);
  let environment: TestWorkflowEnvironment;
  let clone: CopiedClone;
  let remove: () => Promise<void>;
  let root: string;
  let worker: ReadyChild<WorkerReady>;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    const base = await temporaryRoot();
    ({ remove } = base);
    root = join(base.root, 'project');
    const faults = join(base.root, 'faults');
    await Promise.all([mkdir(join(root, 'in'), { recursive: true }), mkdir(faults)]);
    [environment, clone] = await Promise.all([
      startTemporal(),
      copyClone(join(base.root, 'beamline')),
    ]);
    await cp(
      join(projectRoot, 'beam-pipeline/tests/modules/sink/recording'),
      join(clone.path, 'beam-pipeline/src/beam_pipeline/modules/sink/recording'),
      { recursive: true },
    );
    for (let file = 0; file < files; file++) {
      const ids = Array.from({ length: rows }, (_, index) => file * rows + index);
      await writeFile(join(root, 'in', `${file}.csv`), ['id', ...ids, ''].join('\n'));
    }
    env = { TEMPORAL_ADDRESS: environment.address, BEAMLINE_FAULT_POINTS: faults };
    worker = await clone.startWorker(root, taskQueue, env);
  });
  after(async () => {
    await worker?.end('SIGKILL');
    await environment?.teardown();
    await remove?.();
  });

  it('is checked before it runs, and planned', async () => {
    await config('wrong', '{ foldr: out }');
    const wrong = await clone.beamline(root, ['validate', 'wrong.yaml']);
    assert.match(`${wrong.stdout}${wrong.stderr}`, /foldr .*did you mean `folder`/);
    await config('feed', '{ folder: out }');
    const { stdout } = await clone.beamline(root, ['plan', 'feed.yaml', '--offline'], env);
    assert.match(
      stdout,
      /sink +told +recording +writes orders while the job runs \(idempotent by id\)/,
    );
  });

  it('is killed in the middle, finished by the next attempt, and told in the receipt', async () => {
    await config('feed', '{ folder: out, seconds: 0.05 }');
    const faults = env['BEAMLINE_FAULT_POINTS'] ?? '';
    await writeFile(join(faults, 'sink:wrote'), 'SIGKILL');
    const receipt = await run('feed');
    assert.ok((await readdir(faults)).includes('sink:wrote.hit'), 'nothing was killed');
    assert.equal(receipt.outcome, 'succeeded');
    assert.equal(receipt.attempts, 2);
    const [told] = receipt.written ?? [];
    assert.ok(told !== undefined && told.bytes > 0);
    assert.deepEqual(
      { ...told, bytes: 0 },
      {
        name: 'told',
        module: 'recording',
        state: 'written',
        rows: files * rows,
        bytes: 0,
        idempotence: 'idempotent by id',
      },
    );
    assert.deepEqual(
      receipt.sinks.map(({ name, state, rows: count }) => [name, state, count]),
      [['table', 'published', files * rows]],
    );
    assert.equal((await readdir(join(root, 'out'))).length, files * rows);
    assert.deepEqual(
      await duckdbRows(join(root, 'w.duckdb'), 'SELECT count(*)::int AS n FROM orders'),
      [{ n: files * rows }],
    );
    const shown = await clone.beamline(root, ['receipt', receipt.run_key], env);
    assert.match(
      shown.stdout,
      /told +sink recording +wrote 600 rows while the job ran \(idempotent by id\)/,
    );
  });

  it('stands alone: no destination, no lock, nothing staged', async () => {
    await config('alone', '{ folder: alone }', false);
    const receipt = await run('alone');
    assert.deepEqual([receipt.outcome, receipt.sinks], ['succeeded', []]);
    assert.equal(receipt.rows_staged, 0);
    assert.equal(receipt.written?.[0]?.rows, files * rows);
    assert.equal((await readdir(join(root, 'alone'))).length, files * rows);
  });

  it('that lost count fails the run, before anything is published', async () => {
    await config('lossy', '{ folder: lossy, hides: 1 }');
    const before = await readFile(join(root, 'w.duckdb'));
    const receipt = await run('lossy');
    assert.equal(receipt.failure?.type, 'AuditFailed');
    assert.match(
      receipt.failure?.message ?? '',
      /told: 600 rows came in, and module `recording` says/,
    );
    assert.deepEqual(
      [receipt.sinks[0]?.state, receipt.written?.[0]?.state],
      ['unpublished', 'uncertain'],
    );
    assert.deepEqual(await readFile(join(root, 'w.duckdb')), before);
  });

  function run(name: string): Promise<Receipt> {
    return clone.run(root, [`${name}.yaml`, '--task-queue', taskQueue], env);
  }

  async function config(name: string, parameters: string, hasTable = true): Promise<void> {
    const table = `
  - name: table
    module: duckdb
    input: orders
    parameters: { database: w.duckdb, table: orders }`;
    await writeFile(
      join(root, `${name}.yaml`),
      `name: ${name}
sources:
  - { name: orders, module: files, parameters: { path: in/*.csv, format: csv } }
sinks:
  - { name: told, module: recording, input: orders, parameters: ${parameters} }${hasTable ? table : ''}
`,
    );
  }
});
