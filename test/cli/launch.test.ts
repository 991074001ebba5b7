import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import { Command } from 'commander';
import { launchOf, launchOptions } from '../../src/cli/options/launch-options.js';
import { createRunRequest } from '../../src/client/run-request.js';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { launchFields } from '../../src/config/envelope/launch-fields.js';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { temporaryFolder } from '../config/support.js';
import { loadedIn } from '../support/loaded-in.js';
import { beamlineIn } from './beamline.js';
import {
  startDataflowServer,
  StatusError,
  type DataflowServer,
} from '../support/dataflow-server.js';

const config = `
name: orders
launch: { max_workers: 4 }
sources:
  - { name: orders, module: files, parameters: { path: orders.csv, format: csv } }
sinks:
  - { name: warehouse, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }
`;
const settings = `
project: my-project
store: gs://bucket/beamline
launch: { region: europe-west1, container_spec_gcs_path: gs://bucket/spec.json, max_workers: 2 }
`;

function parsed(...words: string[]): ReturnType<typeof launchOf> {
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of launchOptions()) command.addOption(option);
  command.parse(
    words.flatMap((text) => text.split(' ')),
    { from: 'user' },
  );
  return launchOf(command.opts());
}

describe('the launch options of the command line', () => {
  it('are one flag for each option', () => {
    const flags = launchOptions().map(({ long }) => long);
    for (const { flag } of launchFields) assert.ok(flags.includes(flag), flag);
  });

  it('take values of every kind', () => {
    assert.deepEqual(
      parsed(
        '--num-workers 3 --region europe-west1 --ip-configuration public',
        '--worker-container-image image:1 --experiment a --experiment b=1',
        '--label team=finance --label cost=9 --pipeline-option x=a=b',
        '--no-enable-streaming-engine --reconcile-after 5m',
      ),
      {
        numWorkers: 3,
        region: 'europe-west1',
        ipConfiguration: 'public',
        sdkContainerImage: 'image:1',
        additionalExperiments: ['a', 'b=1'],
        additionalUserLabels: { team: 'finance', cost: '9' },
        additionalPipelineOptions: { x: 'a=b' },
        enableStreamingEngine: false,
        reconcileAfter: '5m',
      },
    );
    assert.equal(parsed(), undefined);
  });

  for (const [flag, value, message] of [
    ['--num-workers', 'many', /whole number, 1 to 1000/],
    ['--max-workers', '0', /whole number, 1 to 1000/],
    ['--region', 'europe-west1-b', /must be a region such as/],
    ['--ip-configuration', 'none', /private, public/],
    ['--label', 'team', /name=value/],
    ['--sdk-container-image', 'gs://b/worker:1', /must be the name of a container image such as/],
  ] as const) {
    it(`say what is wrong with ${flag} ${value}`, () => {
      assert.throws(() => parsed(flag, value), message);
    });
  }
});

describe('a request for a run on Dataflow', () => {
  const folder = temporaryFolder();

  it('carries the runner and the launch options, once its target is complete', async () => {
    folder.write('a.yaml', config);
    const options = {
      root: folder.path,
      runner: 'dataflow',
      launch: { numWorkers: 3 },
      allowPlaintextProfile: true,
    } as const;
    await assert.rejects(createRunRequest('a.yaml', options), (error: unknown) => {
      assert.ok(error instanceof ConfigProblems);
      assert.match(error.message, /launch\.region/);
      return true;
    });
    folder.write('beamline.yaml', settings);
    const { input, details } = await createRunRequest('a.yaml', options);
    assert.deepEqual(input, {
      config: 'a.yaml',
      runner: 'dataflow',
      launch: { numWorkers: 3 },
      allowPlaintextProfile: true,
    });
    assert.match(details, /runs on \*\*Dataflow\*\*, my-project, europe-west1/);
  });

  it("is refused for a label that is not the user's", async () => {
    folder.write('a.yaml', config);
    folder.write('beamline.yaml', settings);
    const launch = { additionalUserLabels: { 'beamline-run': 'x' } };
    const request = createRunRequest('a.yaml', { root: folder.path, runner: 'dataflow', launch });
    await assert.rejects(request, /labels that begin with `beamline-`/);
  });
});

describe('beamline plan --runner dataflow', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let server: DataflowServer;
  before(async () => {
    server = await startDataflowServer();
  });
  after(() => server.close());
  beforeEach(() => {
    server.calls.length = 0;
    folder.write('a.yaml', config);
    folder.write('orders.csv', 'id\n1\n');
    folder.write('beamline.yaml', settings);
  });

  async function plan(
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const child = spawn(
      process.execPath,
      [main, 'plan', 'a.yaml', '--runner', 'dataflow', ...args],
      {
        cwd: folder.path,
        env: { ...process.env, DATAFLOW_EMULATOR_HOST: server.address },
      },
    );
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    return { code, stdout, stderr };
  }

  it('shows the whole launch, and asks the service without launching', async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    const { code, stdout, stderr } = await plan('--num-workers', '3');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {2}project +my-project$/m);
    assert.match(stdout, /^ {2}num_workers +3$/m);
    assert.match(stdout, /^ {2}max_workers +4$/m);
    assert.match(stdout, /^ {2}ip_configuration +private$/m);
    assert.match(stdout, /^ {2}sdk_container_image +that of the template's spec$/m);
    assert.match(stdout, /^ {2}temp_location +gs:\/\/bucket\/beamline\/tmp$/m);
    assert.match(stdout, /disk unknown \(`disk_size_gb` is not set\)/);
    assert.match(stderr, /Dataflow would take this launch/);
    const [{ request } = { request: {} as Record<string, unknown> }] = server.calls;
    assert.equal(request['validateOnly'], true);
    assert.match(JSON.stringify(request), /"numWorkers":3,"maxWorkers":4/);
    assert.equal(server.calls.length, 1);
  });

  it("shows the workers' image, and says it as a parameter of the template", async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    const { code, stdout, stderr } = await plan('--sdk-container-image', 'registry/worker:1');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {2}sdk_container_image +registry\/worker:1$/m);
    const [{ request } = { request: {} as Record<string, unknown> }] = server.calls;
    assert.match(JSON.stringify(request), /"sdk_container_image":"registry\/worker:1"/);
  });

  it('prints it as one JSON document', async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    const { stdout } = await plan('--json');
    const { dataflow, alone } = JSON.parse(stdout) as {
      dataflow: { region: string; validated: boolean; launch: { maxWorkers: number } };
      alone: Record<string, { bytes: number | null; rows: number | null }>;
    };
    assert.deepEqual(
      [dataflow.region, dataflow.validated, dataflow.launch.maxWorkers],
      ['europe-west1', true, 4],
    );
    assert.deepEqual([alone['orders']?.rows, alone['orders']?.bytes], [null, 5]);
  });

  it('says what one worker does alone, why, what to change, and what is known of it', async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    folder.write(
      'a.yaml',
      config
        .replace('input: orders,', 'input: total,')
        .replace(
          'sinks:',
          "transforms:\n  - { name: total, module: sql, inputs: [orders], parameters: { sql: 'select sum(id) as s from orders', memory_limit: 2GB } }\nsinks:",
        ),
    );
    const { code, stdout, stderr } = await plan('--disk-size-gb', '50');
    assert.equal(code, 0, stderr);
    const [, told = ''] = /(One worker does all .*?)\n\n/s.exec(stdout) ?? [];
    assert.deepEqual(told.split('\n'), [
      'One worker does all of orders, total, and of what follows row by row, whatever `max_workers` is:',
      '  orders',
      '    why      one file is one stream',
      '    instead  several files, and a `path` with `*` for all of them',
      '    known    rows unknown · stored size 5 bytes · machine type e2-standard-2 · disk 50 GB',
      '  total',
      '    why      its SQL sees its whole inputs (`scope: all`)',
      '    instead  `scope: key` with `partition_by`, where the SQL joins and groups by keys; `scope: batch`, where it looks at one row at a time',
      '    known    rows unknown · stored size 5 bytes · `memory_limit` 2GB, the rest on disk · machine type e2-standard-2 · disk 50 GB',
    ]);
  });

  it('says nothing of that where the rows are dealt out', async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    folder.write('orders-2.csv', 'id\n2\n');
    folder.write('a.yaml', config.replace('orders.csv', "'orders*.csv'"));
    assert.doesNotMatch((await plan()).stdout, /One worker/);
  });

  it('says nothing of that on this machine', async () => {
    assert.doesNotMatch((await plan('--runner', 'local')).stdout, /One worker/);
  });

  it('says why the service refuses, what to do, and exits with 2', async () => {
    server.handlers['launchFlexTemplate'] = () => {
      throw new StatusError(status.NOT_FOUND, 'no object gs://bucket/spec.json');
    };
    const { code, stderr } = await plan();
    assert.equal(code, 2);
    assert.match(stderr, /refuses the launch \(NOT_FOUND\): no object/);
    assert.match(stderr, /spec gs:\/\/bucket\/spec\.json exists/);
  });

  it('exits with 3 if the service cannot be reached, and can do without it', async () => {
    server.handlers['launchFlexTemplate'] = () => {
      throw new StatusError(status.UNAVAILABLE, 'gone');
    };
    const { code, stderr } = await plan();
    assert.equal(code, 3);
    assert.match(stderr, /--offline/);
    assert.equal((await plan('--offline')).code, 0);
    assert.equal(server.calls.length, 1);
  });

  it('asks for what is missing, and exits with 2', async () => {
    folder.write('beamline.yaml', 'project: my-project\n');
    const { code, stderr } = await plan();
    assert.equal(code, 2);
    assert.match(stderr, /beamline\.yaml {2}store/);
    assert.match(stderr, /3 problems in 1 file/);
  });
});

describe('beamline validate', () => {
  const folder = temporaryFolder();

  it('loads no Google library: it stays a matter of milliseconds', () => {
    folder.write('a.yaml', `${config}runner: dataflow\n`);
    const coverage = join(folder.path, 'coverage');
    const env = { ...process.env, NODE_V8_COVERAGE: coverage };
    const { stdout, stderr } = beamlineIn({ folder: folder.path, env }, 'validate', 'a.yaml');
    assert.equal(stdout.trim().split('\n')[0], '1 file, no problems.', stderr);
    const loaded = loadedIn(coverage);
    assert.ok(
      loaded.some((file) => file.includes('commander')),
      'it lists what is loaded',
    );
    assert.deepEqual(
      loaded.filter((file) => /@google-cloud|google-gax|grpc-js/.test(file)),
      [],
    );
  });
});
