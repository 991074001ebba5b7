import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { deploymentOf } from '../../src/config/settings/deployment.js';
import { loadSettings } from '../../src/config/settings/settings.js';
import {
  applyDevEnvironment,
  environmentFor,
} from '../../src/dev/environment/stack-environment.js';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { type Stack, startStack } from '../../src/dev/stack.js';
import { storeSecret } from '../../src/dev/store-secret.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import { until } from '../support/until.js';

describe('a job on the local stack', function () {
  this.timeout(120_000);
  let root: string;
  let stack: Stack;
  const environment = { ...process.env };
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'beamline-dev-'));
    const [port = 0, uiPort = 0, gatewayPort = 0] = await choosePorts([0, 0, 0]);
    stack = await startStack({ root, port, uiPort, gatewayPort });
  });
  after(async () => {
    await stack?.stop();
    rmSync(root, { recursive: true });
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) {
      if (!(name in environment)) delete process.env[name];
    }
    Object.assign(process.env, environment);
  });

  /** The endpoints that must be there in this version. */
  function emulators() {
    const { storage, bigquery, dataflow } = stack.record;
    assert.ok(storage && bigquery && dataflow);
    return { storage, bigquery, dataflow };
  }

  /** The storage that a process with this environment uses. */
  async function storageFor(env: NodeJS.ProcessEnv, folder = root): Promise<string | undefined> {
    return (await environmentFor(folder, env))['STORAGE_EMULATOR_HOST'];
  }

  async function store(name: string, document: unknown): Promise<void> {
    const { storage } = emulators();
    const object = `uploadType=media&name=${encodeURIComponent(name)}`;
    const response = await fetch(
      `${storage.endpoint}/upload/storage/v1/b/beamline-dev/o?${object}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: JSON.stringify(document),
      },
    );
    assert.ok(response.ok, await response.text());
  }

  it('tells its run of its states, through emulator and gateway', async () => {
    const connection = await Connection.connect({ address: stack.record.temporal.address });
    const client = new Client({ connection });
    const workflowId = 'Nightly orders: 2026-11-24T03:00:00Z';
    await client.workflow.start('runPipeline', { args: [], taskQueue: 'nobody', workflowId });
    await store('templates/simulated.json', {
      image: 'simulated',
      metadata: { name: 'simulated' },
    });

    const deployment = deploymentOf({ project: 'beamline-dev', namespace: 'default' });
    const launch = `/v1b3/projects/beamline-dev/locations/local1/flexTemplates:launch`;
    const response = await fetch(`${emulators().dataflow.http}${launch}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        launchParameter: {
          jobName: 'orders-20261124t0300-q4kx7mw2ta-1',
          containerSpecGcsPath: 'gs://beamline-dev/templates/simulated.json',
          environment: {
            additionalUserLabels: labelsOf({
              workflowId,
              runKey: 'q4kx7mw2ta',
              ordinal: 1,
              deployment,
            }),
          },
        },
      }),
    });
    assert.ok(response.ok, await response.text());

    const states = async () => {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).flatMap((event) => {
        const data = event.workflowExecutionSignaledEventAttributes?.input?.payloads?.[0]?.data;
        if (!data) return [];
        return [(JSON.parse(Buffer.from(data).toString()) as { state: string }).state];
      });
    };
    await until(async () => (await states()).includes('JOB_STATE_DONE'));
    assert.deepEqual(
      (await states()).filter((state) => state === 'JOB_STATE_PENDING'),
      [],
    );
    await connection.close();
  });

  it('finds its template where the settings of the stack say', async () => {
    await applyDevEnvironment(root);
    const { project, store, launch } = loadSettings(root);
    assert.deepEqual([project, store], ['beamline-dev', 'gs://beamline-dev/beamline']);
    assert.equal(launch.containerSpecGcsPath, 'gs://beamline-dev/templates/beamline.json');
    const object = `${emulators().storage.endpoint}/storage/v1/b/beamline-dev/o/${encodeURIComponent('templates/beamline.json')}?alt=media`;
    const spec = (await (await fetch(object)).json()) as { image: string };
    assert.equal(spec.image, 'beamline-local');
  });

  it('is reached by a command through the record of the stack', async () => {
    await applyDevEnvironment(root);
    const { storage, bigquery, dataflow } = emulators();
    assert.equal(process.env['STORAGE_EMULATOR_HOST'], storage.endpoint);
    assert.equal(process.env['BIGQUERY_EMULATOR_HOST'], bigquery.endpoint);
    assert.equal(process.env['DATAFLOW_EMULATOR_HOST'], dataflow.grpc);
    assert.equal(process.env['DATAFLOW_EMULATOR_CONSOLE'], dataflow.http);
    assert.equal(process.env['SECRET_MANAGER_EMULATOR_HOST'], dataflow.http);
  });

  it('shares its secrets with commands: a profile names one', async () => {
    const [port = 0] = await choosePorts([0]);
    const password = await storeSecret(emulators().dataflow.http, 'orders', 'correct horse');
    const profile = { host: '127.0.0.1', port, database: 'orders', user: 'etl', password };
    writeFileSync(join(root, '.connections.json'), JSON.stringify({ orders: profile }));
    const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const command = [cli, '--root', root, '--json', 'connections', 'test'];
    const { stdout } = await execa(process.execPath, command, { reject: false });
    const { results } = JSON.parse(stdout) as { results: { cause: string }[] };
    // It got as far as the server, which is not there.
    assert.deepEqual(
      results.map(({ cause }) => cause),
      ['refused'],
    );
  });

  it('is not what a command means that names another Temporal, or another root', async () => {
    const own = emulators().storage.endpoint;
    const { address } = stack.record.temporal;
    assert.equal(await storageFor({ TEMPORAL_ADDRESS: 'temporal.example:7233' }), undefined);
    assert.equal(await storageFor({ TEMPORAL_ADDRESS: address }), own);
    assert.equal(await storageFor({}), own);
    assert.equal(await storageFor({ STORAGE_EMULATOR_HOST: 'another' }), 'another');
    assert.equal(await storageFor({}, tmpdir()), undefined);
  });
});
