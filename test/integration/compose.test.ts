import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { startReadyChild, type ReadyChild } from '../support/child.js';
import { loadMariadb, loadPostgres } from '../support/sample-table.js';
import {
  loadCompose,
  toNative,
  type ComposeService,
  type NativePlaces,
} from '../support/compose.js';
import {
  projectRoot,
  startDatabase,
  startTemporal,
  temporaryRoot,
  type Database,
} from '../support/stack.js';

const { services } = loadCompose();
const cli = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
/** Services of other projects' images: for these the tests have their own servers. */
const foreign = ['postgres', 'mysql', 'temporal', 'temporal-namespace'];

/** No engine runs here: the commands of the file are started on this machine, as the file orders them. */
describe('the services of docker-compose.yml', function () {
  this.timeout(180_000);
  let environment: TestWorkflowEnvironment;
  let postgres: ReadyChild<Database>;
  let mariadb: ReadyChild<Database>;
  let places: NativePlaces;
  let end: () => Promise<void>;
  const started = new Map<string, ReadyChild<unknown> | null>();

  before(async () => {
    const { root, remove } = await temporaryRoot();
    [environment, postgres, mariadb] = await Promise.all([
      startTemporal(),
      startDatabase('postgres'),
      startDatabase('mariadb'),
    ]);
    places = await placesIn(root, new Map([[7233, Number(environment.address.split(':')[1])]]));
    await Promise.all([loadPostgres(postgres.ready), loadMariadb(mariadb.ready)]);
    await layOutProject(places.project, {
      postgres: postgres.ready.port,
      mysql: mariadb.ready.port,
    });
    end = async () => {
      for (const child of [...started.values()].toReversed()) await child?.end();
      await Promise.all([postgres.end(), mariadb.end(), environment.teardown()]);
      await remove();
    };
    await start('worker');
    await start('gateway');
  });
  after(() => end());

  it('become healthy, as the health checks of the file ask', () => {
    const skipped = existsSync(join(projectRoot, 'emulators', 'bigquery', 'src'))
      ? []
      : ['bigquery'];
    if (skipped.length > 0) console.log(`      skipped: ${skipped.join()} is not there yet`);
    const own = Object.keys(services).filter((name) =>
      services[name]?.image.startsWith('beamline:'),
    );
    assert.deepEqual(
      own.filter((name) => !started.has(name)),
      skipped,
    );
  });

  it('run a config that reads PostgreSQL', async () => {
    const { exitCode, stdout, stderr } = await beamline('run', 'configs/postgres-to-duckdb.yaml');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /replaced test in data\/sample\.duckdb: 5 rows/);
  });

  it('run a config that reads MySQL', async () => {
    const { exitCode, stderr } = await beamline('run', 'configs/mysql-to-parquet.yaml');
    assert.equal(exitCode, 0, stderr);
  });

  it('run a config on the Dataflow emulator, whose events reach the gateway', async () => {
    const { exitCode, stderr } = await beamline(
      'run',
      'configs/postgres-to-duckdb.yaml',
      '--runner=dataflow',
    );
    assert.equal(exitCode, 0, stderr);
    const metrics = await (await fetch(`http://127.0.0.1:${places.portOf(8088)}/metrics`)).text();
    assert.match(metrics, /beamline_events_total\{[^}]*result="signalled"[^}]*\} [1-9]/);
  });

  /** Starts a service after those that it needs, and waits until its health check is content. */
  async function start(name: string): Promise<void> {
    const service = services[name];
    assert.ok(service, name);
    if (foreign.includes(name) || started.has(name)) return;
    for (const other of Object.keys(service.depends_on)) await start(other);
    if (name === 'bigquery' && !existsSync(join(projectRoot, 'emulators', name, 'src'))) return;
    const native = toNative(service, places);
    const [command = '', ...args] = service.command.map(native);
    const env = environmentOf(service);
    if (service.healthcheck?.disable === true) {
      await execa(command, args, { env, extendEnv: false });
      started.set(name, null);
      return;
    }
    started.set(name, await startReadyChild(command, args, { cwd: places.project, env }));
    const [, check = '', ...rest] = service.healthcheck?.test.map(native) ?? [];
    while ((await execa(check, rest, { reject: false })).exitCode !== 0) await sleep(100);
  }

  /** What the image sets, and over it what the file sets; nothing of this test's own Temporal or emulators. */
  function environmentOf(service: ComposeService): Record<string, string> {
    const own = Object.entries(service.environment).map(([key, text]) => {
      return [key, toNative(service, places)(text)];
    });
    const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
    const emulators = ['storage', 'bigquery'].map((each) =>
      join(projectRoot, 'emulators', each, 'src'),
    );
    return {
      PATH,
      HOME,
      TMPDIR,
      PYTHONPATH: emulators.join(':'),
      ...(Object.fromEntries(own) as Record<string, string>),
    };
  }

  /** A command in the worker's container. */
  function beamline(...args: string[]) {
    const worker = services['worker'] as ComposeService;
    return execa(process.execPath, [cli, ...args], {
      cwd: places.project,
      env: environmentOf(worker),
      extendEnv: false,
      reject: false,
    });
  }
});

async function placesIn(root: string, taken: Map<number, number>): Promise<NativePlaces> {
  const compose = loadCompose();
  const text = JSON.stringify(compose);
  const numbers = [...text.matchAll(/:(\d{4})(?=[/"])|-port=(\d{4})/g)].map((match) =>
    Number(match[1] ?? match[2]),
  );
  const missing = [...new Set(numbers)].filter((port) => !taken.has(port));
  const free = await choosePorts(missing.map(() => 0));
  const ports = new Map([...taken, ...missing.map((port, index) => [port, free[index]] as const)]);
  const project = join(root, 'project');
  const volumes = join(root, 'volumes');
  await Promise.all([project, volumes].map((folder) => mkdir(folder, { recursive: true })));
  return {
    compose,
    project,
    volumes,
    portOf: (port) => ports.get(port) ?? assert.fail(`no port for ${port}`),
  };
}

/** What is mounted into the worker's `/project`; the hosts of the profiles become this machine. */
async function layOutProject(project: string, ports: Record<string, number>): Promise<void> {
  for (const mount of services['worker']?.volumes ?? []) {
    const [, source = '', target = ''] =
      /^(?:\$\{\w+:-)?(\.[^:}]*)\}?:\/project\/([^:]+)/.exec(mount) ?? [];
    if (source) await cp(join(projectRoot, source), join(project, target), { recursive: true });
  }
  const file = join(project, '.connections.json');
  const profiles = JSON.parse(await readFile(file, 'utf8')) as Record<string, { host: string }>;
  const native = Object.entries(profiles).map(([key, { host, ...rest }]) => {
    return [key, { ...rest, host: '127.0.0.1', port: ports[host] }];
  });
  await writeFile(file, JSON.stringify(Object.fromEntries(native)));
}
