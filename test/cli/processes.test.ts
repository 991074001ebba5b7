import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { deploymentOf } from '../../src/config/settings/deployment.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startReadyChild } from '../support/child.js';
import { binary, eventAttributes, jobData } from '../support/job-events.js';
import { startPubSub } from '../support/pubsub.js';
import { projectRoot, startTemporal, temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

const cli = join(projectRoot, 'dist', 'src', 'cli', 'main.js');

describe('beamline gateway', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  beforeEach(async () => ({ root, remove } = await temporaryRoot()));
  afterEach(() => remove());

  const refused = async (...args: string[]) => {
    const command = [cli, '--root', root, 'gateway', '--port', '0', ...args];
    const { exitCode, stderr } = await execa(process.execPath, command, { reject: false });
    return { exitCode, stderr };
  };
  const start = (...args: string[]) =>
    startReadyChild<{ event: string; url: string }>(process.execPath, [
      cli,
      '--root',
      root,
      'gateway',
      '--port',
      '0',
      ...args,
    ]);

  it('refuses to be open to everybody', async () => {
    const open = await refused();
    assert.equal(open.exitCode, 2);
    assert.match(open.stderr, /missing --audience .* and --service-account/);
    const everywhere = await refused('--dev', '--host', '0.0.0.0');
    assert.equal(everywhere.exitCode, 2);
    assert.match(everywhere.stderr, /loopback only/);
  });

  it('takes its rules from the settings, and asks for tokens on loopback, too', async () => {
    writeFileSync(
      join(root, 'beamline.yaml'),
      'gateway:\n  audience: https://gateway.example\n  service_account: events@our-project.iam.gserviceaccount.com\n',
    );
    const gateway = await start();
    const events = `${gateway.ready.url}/events/dataflow`;
    assert.equal((await fetch(events, { method: 'POST', ...binary(jobData({})) })).status, 401);
    assert.equal((await fetch(`${gateway.ready.url}/healthz`)).status, 200);
    await gateway.end('SIGINT');
    assert.equal(gateway.process.exitCode, 0);
  });

  it("takes the jobs of the settings' deployment only", async () => {
    writeFileSync(join(root, 'beamline.yaml'), 'project: our-project\ndeployment: blue\n');
    const deployment = deploymentOf({
      project: 'our-project',
      deployment: 'blue',
      namespace: 'default',
    });
    const gateway = await start('--dev');
    const send = async (label: string) => {
      const response = await fetch(`${gateway.ready.url}/events/dataflow`, {
        method: 'POST',
        ...binary(jobData({ deployment: label, state: 'JOB_STATE_PENDING' })),
      });
      return ((await response.json()) as { result: string }).result;
    };
    assert.equal(await send(deployment), 'nothing_new');
    assert.equal(await send('green'), 'other_deployment');
    await gateway.end();
  });
});

describe('beamline worker', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  let environment: TestWorkflowEnvironment;
  before(async () => {
    ({ root, remove } = await temporaryRoot());
    environment = await startTemporal();
  });
  after(async () => {
    await environment.teardown();
    await remove();
  });

  it('refuses a source of events that is none', async () => {
    const args = [cli, '--root', root, 'worker', '--events', 'projects/p/subscriptions/s'];
    const { exitCode, stderr } = await execa(process.execPath, args, { reject: false });
    assert.equal(exitCode, 2);
    assert.match(stderr, /it is pubsub:projects\/<project>\/subscriptions\/<name>/);
  });

  it('pulls events, signals their runs, and stops when it is asked to', async () => {
    const pubsub = await startPubSub();
    const subscription = 'projects/our-project/subscriptions/beamline';
    pubsub.createSubscription(subscription);
    const worker = await startReadyChild<{ task_queue: string }>(
      process.execPath,
      [cli, '--root', root, 'worker', '--task-queue=pulling', `--events=pubsub:${subscription}`],
      {
        env: {
          ...process.env,
          TEMPORAL_ADDRESS: environment.address,
          PUBSUB_EMULATOR_HOST: pubsub.address,
          METADATA_SERVER_DETECTION: 'none',
        },
      },
    );
    try {
      assert.equal(worker.ready.task_queue, 'pulling');
      const { client } = environment;
      await client.workflow.start('runPipeline', {
        args: [],
        taskQueue: 'nobody',
        workflowId: 'pulled',
      });
      pubsub.publish(subscription, {
        body: JSON.stringify(jobData({ workflowId: 'pulled' })),
        attributes: eventAttributes(),
      });
      await until(() => pubsub.stateOf(subscription).open === 0);
      const { events } = await client.workflow.getHandle('pulled').fetchHistory();
      const signals = (events ?? []).filter(
        (event) => event.workflowExecutionSignaledEventAttributes,
      );
      assert.equal(signals.length, 1);
    } finally {
      await worker.end('SIGTERM');
      pubsub.close();
    }
    assert.equal(worker.process.exitCode, 0);
    assert.match(worker.stderr(), /events so far: 1 signalled\n/);
  });
});
