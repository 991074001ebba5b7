import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { readStackRecord, type StackRecord } from '../../src/dev/environment/stack-record.js';
import { startOf } from '../../src/process/process-record.js';
import { packageRoot } from '../../src/dev/services/tools.js';

const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');

describe('beamline dev', function () {
  this.timeout(60_000);
  let root: string;
  let ports: string[];
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'beamline-dev-'));
    const [temporal, ui, gateway] = await choosePorts([0, 0, 0]);
    ports = ['--port', `${temporal}`, '--ui-port', `${ui}`, '--gateway-port', `${gateway}`];
  });
  const running = new Set<ReturnType<typeof dev>>();
  afterEach(async () => {
    for (const process of running) {
      process.kill('SIGTERM');
      await process;
    }
    running.clear();
    rmSync(root, { recursive: true });
  });

  const dev = (...args: string[]) =>
    execa(process.execPath, [cli, 'dev', '--root', root, ...args], { reject: false });

  /** Starts the stack and waits until it is recorded. */
  async function started(...args: string[]) {
    const process = dev(...args);
    running.add(process);
    let ended = false;
    void process.then(() => (ended = true));
    for (;;) {
      const record = await readStackRecord(root);
      if (record) return { process, record };
      if (ended) assert.fail(`it ended: ${(await process).stderr}`);
      await sleep(50);
    }
  }

  it('starts Temporal, a gateway and a worker, refuses a second one, and stops on Ctrl-C', async () => {
    const { process: first, record } = await started(...ports);
    assert.equal(record.temporal.address, `127.0.0.1:${ports[1]}`);
    assert.equal(record.worker.task_queue, 'beamline');
    assert.equal(record.gateway.url, `http://127.0.0.1:${ports[5]}`);
    assert.equal((await fetch(`${record.gateway.url}/readyz`)).status, 200);

    const second = await dev(...ports);
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, new RegExp(`running already \\(process ${record.pid}\\)`));

    first.kill('SIGINT');
    const { exitCode, stderr } = await first;
    assert.equal(exitCode, 0);
    for (const name of ['temporal', 'gateway', 'worker']) {
      assert.match(stderr, new RegExp(`✔ ${name} +\\d+\\.\\d s `));
    }
    assert.match(stderr, /✔ worker .*\n(.*\n)*stopped$/);
    await assertStopped(record);
    assert.equal(existsSync(join(root, '.beamline', 'dev.json')), false);
  });

  it('leaves nothing running when it is killed, and starts again', async () => {
    const first = await started(...ports);
    first.process.kill('SIGKILL');
    await first.process;
    await assertStopped(first.record);

    const again = await started(...ports);
    assert.notEqual(again.record.pid, first.record.pid);
    again.process.kill('SIGTERM');
    assert.equal((await again.process).exitCode, 0);
  });

  it('ends a paused worker of a killed stack before it starts again', async () => {
    const first = await started(...ports);
    process.kill(-first.record.worker.pid, 'SIGSTOP');
    first.process.kill('SIGKILL');
    await first.process;
    assert.ok(await isAlive(first.record.worker.pid));

    const again = await started(...ports);
    assert.equal(await isAlive(first.record.worker.pid), false);
    again.process.kill('SIGTERM');
    await again.process;
  });

  for (const part of ['worker', 'gateway'] as const) {
    it(`starts a ${part} that was killed again, and says so`, async () => {
      const { process: stack, record } = await started(...ports);
      process.kill(-record[part].pid, 'SIGKILL');
      let again = await readStackRecord(root);
      while (again?.[part].pid === record[part].pid) {
        await sleep(50);
        again = await readStackRecord(root);
      }
      assert.ok(again !== null && (await isAlive(again[part].pid)));
      stack.kill('SIGINT');
      const { exitCode, stderr } = await stack;
      assert.equal(exitCode, 0);
      assert.match(stderr, new RegExp(`! ${part} ended by SIGKILL: it was started again`));
      await assertStopped(again);
    });
  }

  it('stops everything and says why when a part ends that cannot be started again', async () => {
    const { process: stack, record } = await started(...ports);
    process.kill(-(record.storage?.pid ?? assert.fail()), 'SIGKILL');
    const { exitCode, stderr } = await stack;
    assert.equal(exitCode, 1);
    assert.match(stderr, /storage ended by SIGKILL\. The end of .*storage\.log:/);
    assert.match(stderr, /Runs that are open go on when it is started again/);
    await assertStopped(record);
  });

  it('takes free ports and says so where the usual ones are taken', async () => {
    const squatter = createServer().listen(Number(ports[1]), '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const { process: stack, record } = await started(...ports);
      assert.notEqual(record.temporal.address, `127.0.0.1:${ports[1]}`);
      stack.kill('SIGINT');
      assert.match((await stack).stderr, new RegExp(`\\(${ports[1]} is taken\\)`));
    } finally {
      squatter.close();
    }
  });

  it('keeps the history of runs over a restart', async () => {
    const first = await started(...ports);
    await withClient(first.record, async (client) => {
      await client.workflow.start('runPipeline', {
        args: [],
        taskQueue: 'nobody',
        workflowId: 'kept',
      });
    });
    first.process.kill('SIGINT');
    await first.process;

    const again = await started(...ports);
    await withClient(again.record, async (client) => {
      const { status } = await client.workflow.getHandle('kept').describe();
      assert.equal(status.name, 'RUNNING');
    });
    again.process.kill('SIGINT');
    await again.process;
  });

  it('says what to install where there is no Temporal CLI', async () => {
    const env = { TEMPORAL_CLI: join(root, 'missing') };
    const result = await execa(process.execPath, [cli, 'dev', '--root', root], {
      env,
      reject: false,
    });
    assert.equal(result.exitCode, 3);
    assert.match(result.stderr, /TEMPORAL_CLI is `.*missing`, which is not a program/);
  });
});

async function withClient(
  { temporal: { address } }: StackRecord,
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function assertStopped({ temporal, worker, ...parts }: StackRecord): Promise<void> {
  for (let tries = 0; await isListening(temporal.address); tries++) {
    assert.ok(tries < 150, 'the Temporal server still listens after 15 s');
    await sleep(100);
  }
  const { gateway, storage, bigquery, dataflow } = parts;
  const others = [gateway, storage, bigquery, dataflow].filter((part) => part !== undefined);
  for (const { pid } of [worker, ...others]) {
    for (let tries = 0; await isAlive(pid); tries++) {
      assert.ok(tries < 150, `process ${pid} still lives after 15 s`);
      await sleep(100);
    }
  }
}

/** A zombie, which nobody has waited for yet, is not alive. */
async function isAlive(pid: number): Promise<boolean> {
  return (await startOf(pid)) !== null;
}

async function isListening(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  try {
    await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code !== 'ECONNREFUSED';
  }
}
