import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { startReadyChild } from '../support/child.js';
import { projectRoot, startTemporal, temporaryRoot } from '../support/stack.js';

const main = join(projectRoot, 'dist', 'src', 'worker', 'main.js');

/** Both would go on for ever if nobody saw to it: `docker stop` kills after 10 s, and nobody is told. */
describe('a worker that is asked to stop while Temporal is away', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let root: string;
  let remove: () => Promise<void>;
  before(async () => {
    [environment, { root, remove }] = await Promise.all([startTemporal(), temporaryRoot()]);
  });
  after(async () => {
    await environment?.teardown();
    await remove?.();
  });

  it('ends with a code and a sentence where it had not reached Temporal', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const worker = execa(process.execPath, [main, `--root=${root}`], {
      reject: false,
      env: { TEMPORAL_ADDRESS: `127.0.0.1:${(silent.address() as AddressInfo).port}` },
    });
    await once(silent, 'connection');
    worker.kill('SIGTERM');
    const { exitCode, stderr } = await worker;
    silent.close();
    assert.equal(exitCode, 3, stderr);
    assert.match(stderr, /asked to stop before Temporal was reached/);
  });

  it('ends with a code and a sentence where Temporal falls silent', async () => {
    const wire = await throughWire(environment.address);
    const worker = await startReadyChild(process.execPath, [main, `--root=${root}`], {
      env: { ...process.env, TEMPORAL_ADDRESS: wire.address },
    });
    await sleep(500);
    wire.cut();
    await worker.end('SIGTERM');
    wire.close();
    assert.equal(worker.process.exitCode, 3, worker.stderr());
    assert.match(worker.stderr(), /stopped without Temporal, which does not answer/);
  });
});

/** A server that hands everything on, until it is cut: then it is silent, and closes nothing. */
async function throughWire(address: string) {
  const [host, port] = address.split(':');
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const end of [near, far]) ends.push(end.on('error', () => undefined));
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => ends.forEach((end) => end.unpipe().pause()),
    close() {
      server.close();
      ends.forEach((end) => end.destroy());
    },
  };
}
