import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { choosePort } from '../../src/dev/environment/ports.js';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import { startEventPull } from '../../src/gateway/pubsub-pull.js';
import { createEventIntake } from '../../src/gateway/intake/event-intake.js';
import { createEventMetrics } from '../../src/gateway/intake/metrics.js';
import { createRunSignals } from '../../src/gateway/intake/signal-run.js';
import { startReadyChild, type ReadyChild } from '../support/child.js';
import { pause } from '../support/hosts.js';
import { binary, eventAttributes, jobData } from '../support/job-events.js';
import { startPubSub } from '../support/pubsub.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

describe('events on their way to Temporal', function () {
  this.timeout(120_000);
  let root: string;
  let remove: () => Promise<void>;
  let port: number;
  let temporal: ChildProcess;
  let connection: Connection;
  let client: Client;
  let gateway: ReadyChild<{ url: string }>;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    port = await choosePort(0);
    await startTemporal();
    connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    client = new Client({ connection });
    gateway = await startReadyChild<{ url: string }>(
      process.execPath,
      [join(projectRoot, 'dist', 'src', 'gateway', 'main.js'), '--root', root, '--port=0', '--dev'],
      { env: { ...process.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` } },
    );
  });
  after(async () => {
    await gateway?.end();
    await connection?.close();
    await end(temporal, 'SIGKILL');
    await remove();
  });

  /** The dev server with its state on disk, so that it can be killed and started again. */
  async function startTemporal(): Promise<void> {
    const state = `--db-filename=${join(root, 'temporal.sqlite')}`;
    temporal = spawn(
      findTemporalCli(),
      ['server', 'start-dev', '--headless', `--port=${port}`, '--log-level=error', state],
      { stdio: 'ignore' },
    );
    await until(async () => {
      try {
        const attempt = await Connection.connect({
          address: `127.0.0.1:${port}`,
          connectTimeout: 500,
        });
        await attempt.workflowService.describeNamespace({ namespace: 'default' });
        await attempt.close();
        return true;
      } catch {
        return false;
      }
    });
  }

  /** A run that nobody works on: its history keeps the signals. */
  async function startRun(workflowId: string): Promise<void> {
    await client.workflow.start('runPipeline', { args: [], taskQueue: 'nobody', workflowId });
  }

  async function signalsOf(workflowId: string): Promise<string[]> {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? [])
      .map((event) => event.workflowExecutionSignaledEventAttributes?.signalName)
      .filter((name) => typeof name === 'string');
  }

  async function send(workflowId: string, jobId = 'job-1'): Promise<Response> {
    return fetch(`${gateway.ready.url}/events/dataflow`, {
      method: 'POST',
      ...binary(jobData({ workflowId, jobId })),
    });
  }

  it('reach the run that their labels name', async () => {
    await startRun('scheduled-2026-11-24T03:00:00Z');
    const response = await send('scheduled-2026-11-24T03:00:00Z');
    assert.deepEqual(await resultOf(response), [200, 'signalled']);
    assert.deepEqual(await signalsOf('scheduled-2026-11-24T03:00:00Z'), ['jobStateChanged']);
  });

  it('reach the execution that is open, where an earlier one of that id has ended', async () => {
    await startRun('again');
    await client.workflow.getHandle('again').terminate();
    await startRun('again');
    assert.deepEqual(await resultOf(await send('again')), [200, 'signalled']);
    assert.deepEqual(await signalsOf('again'), ['jobStateChanged']);
  });

  it('are answered 2xx where the run has ended or is unknown', async () => {
    await startRun('ended');
    await client.workflow.getHandle('ended').terminate();
    assert.deepEqual(await resultOf(await send('ended')), [200, 'no_run']);
    assert.deepEqual(await resultOf(await send('never started')), [200, 'no_run']);
  });

  it('put one signal into the history, however many equal ones come at once', async () => {
    await startRun('flooded');
    const flood = Array.from({ length: 200 }, () => send('flooded'));
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.deepEqual(await signalsOf('flooded'), ['jobStateChanged']);
  });

  it('are refused while Temporal is paused, and taken when they come again', async () => {
    await startRun('paused');
    await pause(temporal.pid as number);
    try {
      const refused = await send('paused');
      assert.equal(refused.status, 503);
      assert.ok(refused.headers.has('retry-after'));
      assert.equal((await fetch(`${gateway.ready.url}/readyz`)).status, 503);
      assert.equal((await fetch(`${gateway.ready.url}/healthz`)).status, 200);
    } finally {
      temporal.kill('SIGCONT');
    }
    await until(async () => (await send('paused')).status === 200);
    assert.ok((await signalsOf('paused')).length >= 1);
  });

  it('are refused while Temporal is dead, and taken when it is back', async () => {
    await startRun('killed');
    await end(temporal, 'SIGKILL');
    assert.equal((await send('killed')).status, 503);
    await startTemporal();
    await until(async () => (await send('killed')).status === 200);
    assert.deepEqual(await signalsOf('killed'), ['jobStateChanged']);
  });

  it('wait in Pub/Sub while Temporal is dead, and are acknowledged when it has them', async () => {
    await startRun('pulled');
    const pubsub = await startPubSub();
    process.env['PUBSUB_EMULATOR_HOST'] = pubsub.address;
    process.env['METADATA_SERVER_DETECTION'] = 'none';
    const subscription = 'projects/our-project/subscriptions/beamline';
    pubsub.createSubscription(subscription);
    const metrics = createEventMetrics();
    const runs = createRunSignals({ connectionOptions: { address: `127.0.0.1:${port}` } }, 1000);
    const intake = createEventIntake({ runs, deployment: null, metrics });
    const pull = startEventPull({ subscription, intake, log: () => undefined });
    try {
      await end(temporal, 'SIGKILL');
      pubsub.publish(subscription, {
        body: JSON.stringify(jobData({ workflowId: 'pulled' })),
        attributes: eventAttributes(),
      });
      await until(async () => /result="unavailable"/.test(await metrics.registry.metrics()));
      assert.equal(pubsub.stateOf(subscription).open, 1);

      await startTemporal();
      await until(() => pubsub.stateOf(subscription).open === 0);
      assert.deepEqual(await signalsOf('pulled'), ['jobStateChanged']);
    } finally {
      await pull.stop();
      await runs.close();
      pubsub.close();
      delete process.env['PUBSUB_EMULATOR_HOST'];
      delete process.env['METADATA_SERVER_DETECTION'];
    }
  });

  it('are answered to the last when the gateway is asked to stop', async () => {
    await startRun('stopping');
    const last = send('stopping');
    await until(async () => (await signalsOf('stopping')).length === 1);
    await gateway.end('SIGTERM');
    assert.equal((await last).status, 200);
    assert.equal(gateway.process.exitCode, 0);
  });
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

async function resultOf(response: Response): Promise<unknown> {
  const { result } = (await response.json()) as { result: string };
  return [response.status, result];
}
