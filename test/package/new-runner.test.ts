import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { ReadyChild } from '../support/child.js';
import { copyClone, type CopiedClone } from '../support/copied-clone.js';
import { projectRoot, startTemporal, temporaryRoot, type WorkerReady } from '../support/stack.js';
import { until } from '../support/until.js';

const config = (more = '') => `name: orders
${more}
sources: [{ name: orders, module: files, parameters: { path: orders.csv, format: csv } }]
sinks: [{ name: lake, module: files, input: orders, parameters: { path: lake, format: jsonl } }]
`;
const taskQueue = 'new-runner';

/** What starts a process, waits for its signal, and can be adopted, cancelled and continued as new. */
describe('adding a runner', function () {
  this.timeout(120_000);
  this.bail(true);
  let environment: TestWorkflowEnvironment;
  let clone: CopiedClone;
  let remove: () => Promise<void>;
  let root: string;
  let worker: ReadyChild<WorkerReady> | undefined;
  const faults = (): string => join(root, 'faults');
  const hold = (): string => join(root, 'hold');
  const env = (): NodeJS.ProcessEnv => ({
    TEMPORAL_ADDRESS: environment.address,
    BEAMLINE_FAULT_POINTS: faults(),
  });

  before(async () => {
    const base = await temporaryRoot();
    ({ remove } = base);
    root = join(base.root, 'project');
    await mkdir(join(root, 'faults'), { recursive: true });
    await writeFile(join(root, 'orders.csv'), 'id,name\n1,Ada\n2,Grace\n');
    await writeFile(join(root, 'orders.yaml'), config());
    await writeFile(join(root, 'hasty.yaml'), config('timeout: 8s'));
    const short = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'];
    [environment, clone] = await Promise.all([
      startTemporal(short),
      copyClone(join(base.root, 'beamline')),
    ]);
  });
  after(async () => {
    await worker?.end('SIGKILL');
    await environment?.teardown();
    await remove?.();
  });
  beforeEach(async () => {
    for (const name of ['launches', 'hold', 'lake']) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  });

  it('is one new folder, and what is generated of it', async () => {
    const added = join(projectRoot, 'test', 'added', 'runners', 'signalled');
    await cp(added, join(clone.path, 'src', 'runners', 'signalled'), { recursive: true });
    await build();
    const first = await inClone('dist/scripts/generate.js');
    assert.match(first.stdout, /run it once more/);
    await build();
    const second = await inClone('dist/scripts/generate.js');
    const wrote = `${first.stdout}\n${second.stdout}`
      .split('\n')
      .filter((line) => line.startsWith('wrote'));
    assert.deepEqual(wrote.toSorted(), [
      'wrote docs/reference/config.md',
      'wrote schemas/pipeline.schema.json',
      'wrote src/runners/catalogue.ts',
      'wrote src/worker/workflows.ts',
    ]);
    await inClone('scripts/bundle-workflows.mjs');
    worker = await clone.startWorker(root, taskQueue, env());
  });

  it('publishes what the others publish', async () => {
    await run('orders.yaml', 'local');
    const expected = await published();
    assert.equal(expected.length, 2);
    await rm(join(root, 'lake'), { recursive: true });
    const receipt = await run('orders.yaml', 'signalled');
    assert.deepEqual([receipt.runner, receipt.rows_read], ['signalled', 2]);
    assert.deepEqual(await published(), expected);
  });

  it('is adopted by the next attempt, where the worker dies once it has started', async () => {
    await writeFile(join(faults(), 'worker:signalled-started'), 'SIGKILL');
    const running = run('orders.yaml', 'signalled');
    await until(() => existsSync(join(faults(), 'worker:signalled-started.hit')));
    await worker?.end('SIGKILL');
    worker = await clone.startWorker(root, taskQueue, env());
    assert.equal((await running).outcome, 'succeeded');
    assert.equal((await launches()).length, 1);
    assert.equal((await published()).length, 2);
  });

  it('ends with a cancellation, and nothing is published', async () => {
    await writeFile(hold(), '');
    const key = await started('orders.yaml');
    await until(async () => (await launches()).length === 1);
    const { exitCode, stderr } = await clone.beamline(root, ['cancel', key], env());
    assert.equal(exitCode, 0, stderr);
    await until(async () => (await receiptOf(key))?.outcome === 'cancelled');
    await assertGone();
  });

  it('ends with the deadline', async () => {
    await writeFile(hold(), '');
    const receipt = await run('hasty.yaml', 'signalled');
    assert.equal(receipt.outcome, 'deadline_exceeded');
    await assertGone();
  });

  it('waits through executions that are continued as new, and no signal of another form ends it', async () => {
    await writeFile(hold(), '');
    const key = await started('orders.yaml');
    await until(async () => (await launches()).length === 1);
    const { workflowId, runId } = await executionOf(key);
    const handle = environment.client.workflow.getHandle(workflowId);
    await until(async () => {
      await handle.signal('signalledEnded', { manifest: 1 });
      return (await handle.describe()).runId !== runId;
    });
    await rm(hold());
    await until(async () => (await receiptOf(key))?.outcome === 'succeeded');
    assert.equal((await launches()).length, 1);
    assert.equal((await published()).length, 2);
  });

  it('is one of the choices that are offered', async () => {
    const { stderr } = await clone.beamline(root, ['run', 'orders.yaml', '--runner', 'signaled']);
    assert.match(stderr, /Allowed choices are local, dataflow, signalled/);
  });

  async function build(): Promise<void> {
    await inClone('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
  }

  function inClone(...args: string[]) {
    return execa(process.execPath, args, { cwd: clone.path });
  }

  function run(file: string, runner: string): Promise<Receipt> {
    return clone.run(root, [file, '--runner', runner, '--task-queue', taskQueue], env());
  }

  async function started(file: string): Promise<string> {
    const args = ['run', file, '--runner', 'signalled', '--task-queue', taskQueue];
    const { stdout, stderr } = await clone.beamline(root, [...args, '--detach', '--json'], env());
    assert.match(stdout, /^\{/, stderr);
    return (JSON.parse(stdout) as { run_key: string }).run_key;
  }

  async function executionOf(key: string): Promise<{ workflowId: string; runId: string }> {
    const query = `BeamlineRunKey = "${key}"`;
    for (;;) {
      for await (const { workflowId, runId } of environment.client.workflow.list({ query })) {
        return { workflowId, runId };
      }
    }
  }

  async function receiptOf(key: string): Promise<Receipt | null> {
    const file = join(root, '.beamline', 'store', 'runs', key, 'receipt.json');
    return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Receipt) : null;
  }

  async function launches(): Promise<string[]> {
    const text = await readFile(join(root, 'launches'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  async function published(): Promise<string[]> {
    const folder = join(root, 'lake', 'current');
    const files = existsSync(folder) ? await readdir(folder) : [];
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    return texts
      .join('')
      .split('\n')
      .filter((line) => line.includes('"id"'))
      .toSorted();
  }

  async function assertGone(): Promise<void> {
    const [pid = assert.fail('nothing was launched')] = await launches();
    assert.throws(() => process.kill(-Number(pid), 0), { code: 'ESRCH' });
    assert.deepEqual(await published(), []);
  }
});
