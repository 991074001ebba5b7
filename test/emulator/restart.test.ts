import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/dev/services/tools.js';
import { startReadyChild, type ReadyChild } from '../support/child.js';
import {
  becomes,
  clientsOf,
  command,
  launch,
  project,
  region,
  startReceiver,
  temporaryFolder,
  type Clients,
  type Receiver,
} from './support.js';
import { until } from '../support/until.js';

describe('an emulator that is killed', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let receiver: Receiver;
  let running: { child: ReadyChild<{ grpc: string; http: string }>; clients: Clients } | null;
  beforeEach(async () => {
    folder = temporaryFolder();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await kill();
    await receiver.close();
    folder.remove();
  });

  async function start(events = receiver.url): Promise<Clients> {
    const main = join(packageRoot, 'dist', 'src', 'emulator', 'main.js');
    const options = ['--folder', folder.path, '--events', events, '--cancel-grace-ms', '300'];
    const waits = ['--queued-ms', '30', '--pending-ms', '30'];
    const child = await startReadyChild<{ grpc: string; http: string }>(process.execPath, [
      main,
      ...options,
      ...waits,
      '--',
      ...command,
    ]);
    running = { child, clients: clientsOf(child.ready) };
    return running.clients;
  }
  async function kill(): Promise<void> {
    await running?.clients.close();
    await running?.child.end('SIGKILL');
    running = null;
  }
  const touched = () => readFileSync(join(folder.path, 'starts'), 'utf8').trim().split('\n');

  it('leaves its jobs running, and the next one takes them up', async () => {
    const clients = await start();
    const touch = join(folder.path, 'starts');
    const id = await launch(clients, 'survivor-1', { sleep: '600', touch });
    await becomes(clients, id, 'RUNNING');
    await until(() => {
      try {
        return touched().length === 1;
      } catch {
        return false;
      }
    });
    await kill();
    await becomes(await start(), id, 'DONE');
    assert.equal(touched().length, 1);
    await until(() => receiver.states('survivor-1').includes('DONE'));
  });

  it('notices later that a job ended meanwhile', async () => {
    const clients = await start();
    const id = await launch(clients, 'ended-1', { sleep: '200', mode: 'fail' });
    await becomes(clients, id, 'RUNNING');
    await until(() => jobFile(id, 'pid'));
    await kill();
    await until(() => jobFile(id, 'exit'));
    await becomes(await start(), id, 'FAILED');
  });

  it('fails a job whose process vanished without an exit code', async () => {
    const clients = await start();
    const id = await launch(clients, 'vanished-1', { sleep: '60000' });
    await becomes(clients, id, 'RUNNING');
    await until(() => jobFile(id, 'pid'));
    await kill();
    process.kill(-Number(readFileSync(join(folder.path, 'jobs', id, 'pid'), 'utf8')), 'SIGKILL');
    await becomes(await start(), id, 'FAILED');
  });

  it('goes on with a job that waits or is being cancelled', async () => {
    const clients = await start();
    const stubborn = await launch(clients, 'stubborn-1', { sleep: '60000', mode: 'stubborn' });
    await becomes(clients, stubborn, 'RUNNING');
    await until(() => jobFile(stubborn, 'pid'));
    await clients.jobs.updateJob({
      projectId: project,
      location: region,
      jobId: stubborn,
      job: { requestedState: 'JOB_STATE_CANCELLED' },
    });
    const queued = await launch(clients, 'waiting-1');
    await kill();
    const next = await start();
    await becomes(next, queued, 'DONE');
    await becomes(next, stubborn, 'CANCELLED');
  });

  it('sends the events that nobody took', async () => {
    receiver.answer = 503;
    const clients = await start();
    const id = await launch(clients, 'events-1');
    await becomes(clients, id, 'DONE');
    await until(() => receiver.requests.length > 0);
    await kill();
    receiver.answer = 204;
    await start();
    await until(() => receiver.states('events-1').length >= 4);
    assert.deepEqual([...new Set(receiver.states('events-1'))].toSorted(), [
      'DONE',
      'PENDING',
      'QUEUED',
      'RUNNING',
    ]);
  });

  it('does without a line that it could not finish', async () => {
    const id = await launch(await start(), 'torn-1');
    await kill();
    appendFileSync(join(folder.path, 'journal.jsonl'), '{"change":{"id":"');
    await becomes(await start(), id, 'DONE');
  });

  it('ends with its parent, if it is told to', async () => {
    const main = join(packageRoot, 'dist', 'src', 'emulator', 'main.js');
    const child = await startReadyChild(process.execPath, [
      main,
      '--folder',
      folder.path,
      '--exit-with-parent',
    ]);
    child.process.stdin?.end();
    await until(() => child.process.exitCode !== null);
    assert.equal(child.process.exitCode, 0);
  });

  function jobFile(id: string, name: string): boolean {
    try {
      return readFileSync(join(folder.path, 'jobs', id, name), 'utf8') !== '';
    } catch {
      return false;
    }
  }
});
