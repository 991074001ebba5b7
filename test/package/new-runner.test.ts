import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import type { ReadyChild } from '../support/child.js';
import { copyClone, type CopiedClone } from '../support/copied-clone.js';
import { projectRoot, startTemporal, temporaryRoot, type WorkerReady } from '../support/stack.js';
import { until } from '../support/until.js';

const config = `name: orders
sources: [{ name: orders, module: files, parameters: { path: orders.csv, format: csv } }]
sinks: [{ name: lake, module: files, input: orders, parameters: { path: lake, format: jsonl } }]
`;
const taskQueue = 'new-runner';

/** What starts a process, waits for its signal, and can be adopted, cancelled and continued as new. */
describe('adding a runner', function () {
  this.timeout(180_000);
  this.bail(true);
  let environment: TestWorkflowEnvironment;
  let clone: CopiedClone;
  let remove: () => Promise<void>;
  let root: string;
  let worker: ReadyChild<WorkerReady> | undefined;
  const faults = (): string => join(root, 'faults');
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
    await writeFile(join(root, 'orders.yaml'), config);
    [environment, clone] = await Promise.all([
      startTemporal(),
      copyClone(join(base.root, 'beamline')),
    ]);
  });
  after(async () => {
    await worker?.end('SIGKILL');
    await environment?.teardown();
    await remove?.();
  });

  it('is one new folder, its places in the kit, and what is generated of them', async () => {
    const added = join(projectRoot, 'test', 'added');
    const folder = join(clone.path, 'src', 'runners', 'signalled');
    await cp(join(added, 'runners', 'signalled'), folder, { recursive: true });
    await cp(join(added, 'kits'), join(clone.path, 'test', 'kits'), { recursive: true });
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
      'wrote docs/reference/kit-runners.md',
      'wrote schemas/pipeline.schema.json',
      'wrote src/runners/catalogue.ts',
      'wrote src/worker/workflows.ts',
    ]);
    await inClone('scripts/bundle-workflows.mjs');
  });

  it('keeps the rules of the kit', async () => {
    const args = ['--no-config', '--exit', '--require', './dist/test/support/quiet-runtime.js'];
    // What happens when its processes are killed is tested below.
    const others = ['--invert', '--grep', 'has tests of its own'];
    const kit = 'dist/test/kits/runners/signalled.test.js';
    const { stdout } = await inClone('node_modules/mocha/bin/mocha.js', ...args, ...others, kit);
    assert.match(stdout, /✔ launches: what was started before its answer was lost is adopted/);
    assert.match(stdout, /✔ signals: a signal that is lost is made up for by a look/);
    assert.match(stdout, /✔ takes: no settings/);
  });

  it('is adopted by the next attempt, where the worker dies once it has started', async () => {
    worker = await clone.startWorker(root, taskQueue, env());
    await writeFile(join(faults(), 'worker:signalled-started'), 'SIGKILL');
    const args = ['orders.yaml', '--runner', 'signalled', '--task-queue', taskQueue];
    const running = clone.run(root, args, env());
    await until(() => existsSync(join(faults(), 'worker:signalled-started.hit')));
    await worker.end('SIGKILL');
    worker = await clone.startWorker(root, taskQueue, env());
    const { outcome, runner } = await running;
    assert.deepEqual([outcome, runner], ['succeeded', 'signalled']);
    assert.equal((await linesOf(root, 'launches')).length, 1);
    const lake = join(root, 'lake', 'current');
    const files = await Promise.all((await readdir(lake)).map((name) => linesOf(lake, name)));
    assert.equal(files.flat().filter((line) => line.includes('"id"')).length, 2);
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
});

async function linesOf(folder: string, name: string): Promise<string[]> {
  const text = await readFile(join(folder, name), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}
