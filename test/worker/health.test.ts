import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { startHealthServer } from '../../src/worker/health-server.js';
import { startReadyChild } from '../support/child.js';
import { choosePort } from '../../src/dev/environment/ports.js';
import { projectRoot, startTemporal, temporaryRoot } from '../support/stack.js';

const main = join(projectRoot, 'dist', 'src', 'worker', 'main.js');
const statusOf = async (url: string) => (await fetch(url)).status;

describe("the worker's health endpoint", () => {
  it('is ready when the workers are, and alive in any case', async () => {
    let isReady = false;
    const health = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => isReady);
    try {
      assert.equal(await statusOf(`${health.url}/readyz`), 503);
      isReady = true;
      assert.equal(await statusOf(`${health.url}/readyz`), 200);
      isReady = false;
      assert.equal(await statusOf(`${health.url}/readyz`), 503);
      assert.equal(await statusOf(`${health.url}/healthz`), 200);
      assert.equal(await statusOf(`${health.url}/`), 404);
    } finally {
      await health.stop();
    }
  });

  describe('of a real worker', function () {
    this.timeout(60_000);
    let environment: TestWorkflowEnvironment;
    let root: string;
    let remove: () => Promise<void>;
    before(async () => {
      environment = await startTemporal();
    });
    after(() => environment.teardown());
    beforeEach(async () => {
      ({ root, remove } = await temporaryRoot());
    });
    afterEach(() => remove());

    it('says 200 while it takes work, and is gone with it', async () => {
      const worker = await startReadyChild<{ health: string }>(
        process.execPath,
        [main, '--root', root, '--task-queue', 'health', '--health-port', '0'],
        { env: { ...process.env, TEMPORAL_ADDRESS: environment.address } },
      );
      const url = `${worker.ready.health}/readyz`;
      // The ready line is printed when it begins to poll.
      while ((await statusOf(url)) !== 200) await sleep(20);
      await worker.end();
      await assert.rejects(fetch(url));
    });

    it('says 503 while Temporal cannot be reached', async () => {
      // Takes connections and answers nothing.
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const port = await choosePort(0);
      const worker = execa(process.execPath, [main, `--root=${root}`, `--health-port=${port}`], {
        reject: false,
        env: { TEMPORAL_ADDRESS: `127.0.0.1:${portOf(silent)}` },
      });
      try {
        const url = `http://127.0.0.1:${port}`;
        let status: number | undefined;
        while (status === undefined) {
          status = await statusOf(`${url}/readyz`).catch(() => undefined);
          await sleep(20);
        }
        assert.equal(status, 503);
        assert.equal(await statusOf(`${url}/healthz`), 200);
      } finally {
        worker.kill('SIGKILL');
        await worker;
        silent.close();
      }
    });

    for (const port of ['x', '-1', '65536']) {
      it(`refuses the port ${port}`, async () => {
        const args = [main, `--root=${root}`, `--health-port=${port}`];
        const { exitCode, stderr } = await execa(process.execPath, args, { reject: false });
        assert.equal(exitCode, 2);
        assert.match(stderr, /--health-port is `.+`; it is a whole number from 0 to 65535/);
      });
    }
  });
});

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
