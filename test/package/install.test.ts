import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { readStackRecord } from '../../src/dev/environment/stack-record.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { compile } from '../support/compile.js';
import { copyClone } from '../support/copied-clone.js';
import { temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

/** What `npm pack` says of a package. */
interface Packed {
  filename: string;
  files: { path: string }[];
}

const config = `
sources: [{ name: orders, module: files, parameters: { path: orders.csv, format: csv } }]
sinks: [{ name: warehouse, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }]
`;

/** As one who has no clone: the tarball, in an empty folder. */
describe('the package, installed in an empty folder', function () {
  this.timeout(420_000);
  let root: string;
  let remove: () => Promise<void>;
  let packed: Packed;
  let stack: ResultPromise | undefined;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    // As one packs who has just cloned: nothing is built yet.
    const clone = join(root, 'clone');
    await copyClone(clone, { isBuilt: false });
    const made = await execa('npm', ['pack', '--json', '--pack-destination', root], { cwd: clone });
    [packed = assert.fail('nothing was packed')] = JSON.parse(made.stdout) as Packed[];
    await writeFile(join(root, 'package.json'), '{"type": "module", "private": true}');
    const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
    await execa('npm', ['install', ...quick, join(root, packed.filename)], { cwd: root });
    await writeFile(join(root, 'orders.yaml'), config);
    await writeFile(join(root, 'orders.csv'), 'id,name\n1,Ada\n2,Grace\n');
  });
  after(async () => {
    stack?.kill('SIGTERM');
    await stack?.catch(() => undefined);
    await remove();
  });

  // Python comes with the clone that makes the package.
  const env = { BEAMLINE_PYTHON: join(packageRoot, '.venv', 'bin', 'python') };
  const beamline = (...args: string[]) =>
    execa(join(root, 'node_modules', '.bin', 'beamline'), args, { cwd: root, env });

  it('holds what runs, and neither tests nor what a program left', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      'dist/src/cli/main.js',
      'dist/src/worker/workflows.bundle.cjs',
      'dist/programs/publisher.js',
    ]) {
      assert.ok(paths.includes(path), path);
    }
    const strange = paths.filter((path) =>
      /__pycache__|\.pyc$|\/test_\w+\.py$|conftest|\.map$|^dist\/(?!src\/|programs\/)/.test(path),
    );
    assert.deepEqual(strange, []);
  });

  it('validates a config', async () => {
    const { stderr, stdout } = await beamline('validate', 'orders.yaml');
    assert.match(`${stdout}${stderr}`, /1 file, no problems/);
  });

  it('compiles with a program, under strict and without skipLibCheck', async () => {
    const text = await readFile(join(packageRoot, 'test/added/client/program.ts'), 'utf8');
    const ofWhole = text.replaceAll("'beamline-client'", "'beamline'");
    await writeFile(join(root, 'program.ts'), ofWhole);
    await writeFile(join(root, 'worker.ts'), "export { runPipeline } from 'beamline/workflows';\n");
    await compile(root, 'program.ts', 'worker.ts');
  });

  it('gives a client that loads nothing of a worker', async () => {
    const script = `
      import { createRequire } from 'node:module';
      const { Beamline } = await import('beamline');
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      console.log(JSON.stringify([typeof Beamline.connect, loaded]));`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
    });
    const [kind, loaded] = JSON.parse(stdout) as [string, string[]];
    assert.equal(kind, 'function');
    assert.deepEqual(
      loaded.filter((path) => /@temporalio\/(worker|core-bridge)|duckdb/.test(path)),
      [],
    );
  });

  it('runs a local stack, and a pipeline on it', async () => {
    const [port, ui, gateway] = await choosePorts([0, 0, 0]);
    const ports = ['--port', `${port}`, '--ui-port', `${ui}`, '--gateway-port', `${gateway}`];
    stack = beamline('dev', ...ports);
    await until(async () => (await readStackRecord(root)) !== null);
    const { stdout } = await beamline('run', 'orders.yaml');
    assert.match(stdout, /sink duckdb +replaced t in w\.duckdb: 2 rows, version 1/);
    assert.ok(existsSync(join(root, 'w.duckdb')));
  });
});
