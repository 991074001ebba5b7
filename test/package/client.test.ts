import assert from 'node:assert/strict';
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { compile } from '../support/compile.js';
import { publishedIn } from '../examples/published.js';
import { projectRoot, startTemporal, startWorker, temporaryRoot } from '../support/stack.js';

const config = `name: orders
sources: [{ name: orders, module: files, parameters: { path: orders.csv, format: csv } }]
sinks: [{ name: table, module: duckdb, input: orders, parameters: { database: data/w.duckdb, table: t } }]
`;
const taskQueue = 'client-alone';

/** What only a worker, an emulator, a gateway or the command line needs, or what these bring. */
const ofOthers =
  /^(?:@temporalio\/(?:worker|workflow|activity|testing|core-bridge)|@duckdb\/.*|@swc\/.*|webpack|fastify|execa|commander|hyparquet|prom-client|cloudevents|@google-cloud\/(?:bigquery|pubsub))$/;

/** As a service that starts pipelines has it, in a folder of its own. */
describe('the client alone, installed in an empty folder', function () {
  this.timeout(180_000);
  let root: string;
  let remove: () => Promise<void>;
  let environment: TestWorkflowEnvironment | undefined;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    const pack = join(projectRoot, 'dist', 'scripts', 'pack-client.js');
    const { stdout: tarball } = await execa(process.execPath, [pack, root], { cwd: root });
    await writeFile(join(root, 'package.json'), '{"type": "module", "private": true}');
    const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
    await execa('npm', ['install', ...quick, tarball], { cwd: root });
    await copyFile(join(projectRoot, 'test/added/client/program.ts'), join(root, 'program.ts'));
  });
  after(async () => {
    await environment?.teardown();
    await remove?.();
  });

  it('brings nothing that only a worker needs', async () => {
    const names = await installed();
    assert.ok(names.includes('@temporalio/client'));
    assert.deepEqual(
      names.filter((name) => ofOthers.test(name)),
      [],
    );
  });

  it('has the version of the whole', async () => {
    const versions = await Promise.all(
      [projectRoot, join(root, 'node_modules', 'beamline-client')].map(async (folder) => {
        const text = await readFile(join(folder, 'package.json'), 'utf8');
        return (JSON.parse(text) as { version: string }).version;
      }),
    );
    assert.equal(versions[0], versions[1]);
  });

  it('compiles with a program, under strict and without skipLibCheck', async () => {
    await compile(root, 'program.ts');
  });

  it('checks a config, starts a run, and sees it to its end', async () => {
    environment = await startTemporal();
    await writeFile(join(root, 'orders.yaml'), config);
    await writeFile(join(root, 'wrong.yaml'), config.replace('format: csv', 'format: cvs'));
    await writeFile(join(root, 'orders.csv'), 'id,name\n1,Ada\n2,Grace\n');
    const worker = await startWorker(environment, root, {}, taskQueue);
    try {
      const { stdout } = await execa(
        process.execPath,
        ['program.js', root, environment.address, taskQueue],
        { cwd: root },
      );
      const [problem, ended] = stdout.split('\n');
      assert.match(problem ?? '', /^2 .*must be one of|^2 .*csv/);
      assert.equal(ended, '["succeeded","succeeded",2]');
    } finally {
      await worker.end();
    }
    assert.deepEqual(await publishedIn(join(root, 'data')), {
      'w.duckdb main.t': [
        ['1', 'Ada'],
        ['2', 'Grace'],
      ],
    });
  });

  /** Names of all packages that npm put there. */
  async function installed(): Promise<string[]> {
    const modules = join(root, 'node_modules');
    const top = await readdir(modules);
    const scoped = top
      .filter((name) => name.startsWith('@'))
      .map(async (scope) =>
        (await readdir(join(modules, scope))).map((name) => `${scope}/${name}`),
      );
    return [...top, ...(await Promise.all(scoped)).flat()];
  }
});
