import assert from 'node:assert/strict';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import {
  becomes,
  clientsOf,
  launch,
  project,
  quick,
  region,
  startReceiver,
  stateOf,
  temporaryFolder,
  type Clients,
  type Receiver,
} from './support.js';
import { until } from '../support/until.js';

describe('a scripted fault of the emulator', () => {
  const folder = temporaryFolder();
  let receiver: Receiver;
  let emulator: Emulator;
  let clients: Clients;
  before(async () => {
    receiver = await startReceiver();
    emulator = await startEmulator(quick(folder.path, { events: [receiver.url] }));
    clients = clientsOf(emulator);
  });
  afterEach(() => script([]));
  after(async () => {
    await clients.close();
    await emulator.close();
    await receiver.close();
    folder.remove();
  });

  async function script(faults: object[]): Promise<Response> {
    return fetch(`${emulator.http}/emulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
  }
  const list = async (filter: 'ACTIVE' | 'ALL' = 'ALL') => {
    const [jobs] = await clients.jobs.listJobs({ projectId: project, location: region, filter });
    return jobs.map(({ name }) => name);
  };
  const cancel = (jobId: string, labels: Record<string, string> = {}) =>
    clients.jobs.updateJob({
      projectId: project,
      location: region,
      jobId,
      job: { requestedState: 'JOB_STATE_CANCELLED', labels },
    });

  it('is refused if it is none', async () => {
    const response = await script([{ fault: 'error', method: 'GetJob', status: 418 }]);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /418/);
  });

  for (const [status, code] of [
    [409, 6],
    [429, 8],
    [503, 14],
    ['PERMISSION_DENIED', 7],
  ] as const) {
    it(`answers the next calls of a method with ${status}, and then no more`, async () => {
      await script([{ fault: 'error', method: 'LaunchFlexTemplate', status, times: 2 }]);
      const name = `error-${String(status).toLowerCase().replaceAll('_', '-')}`;
      await assert.rejects(launch(clients, name), { code });
      await assert.rejects(launch(clients, name), { code });
      await launch(clients, name);
    });
  }

  it('loses the response after the launch took effect, over gRPC', async () => {
    await script([{ fault: 'response_lost', method: 'LaunchFlexTemplate' }]);
    await assert.rejects(launch(clients, 'lost-1', { sleep: '60000' }), { code: 14 });
    await assert.rejects(launch(clients, 'lost-1'), { code: 6 });
    await until(async () => (await list('ACTIVE')).includes('lost-1'), 'the lost job is listed');
  });

  it('loses the response after the launch took effect, over REST', async () => {
    await script([{ fault: 'response_lost', method: 'LaunchFlexTemplate' }]);
    const body = JSON.stringify({
      launchParameter: { jobName: 'lost-2', containerSpec: { image: 'simulated' } },
    });
    const url = `${emulator.http}/v1b3/projects/${project}/locations/${region}/flexTemplates:launch`;
    const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    await assert.rejects(fetch(url, options));
    const statuses = (await (await fetch(`${emulator.http}/emulator/requests`)).json()) as {
      status: string;
    }[];
    assert.equal(statuses.at(-1)?.status, 'LOST');
    await until(async () => (await list()).includes('lost-2'));
  });

  it('keeps a job in the queue, where lists do not show it', async () => {
    await script([{ fault: 'queued', for_ms: 300 }]);
    const id = await launch(clients, 'hidden-1');
    assert.deepEqual((await list()).includes('hidden-1'), false);
    assert.equal(await stateOf(clients, id), 'JOB_STATE_QUEUED');
    await becomes(clients, id, 'DONE');
    assert.ok((await list()).includes('hidden-1'));
  });

  it('lets the launcher fail', async () => {
    await script([{ fault: 'launcher_failure', job_name: '^launcher-' }]);
    await becomes(clients, await launch(clients, 'other-1'), 'DONE');
    await becomes(clients, await launch(clients, 'launcher-1'), 'FAILED');
    await until(() => receiver.states('launcher-1').length === 2);
    assert.deepEqual(receiver.states('launcher-1').toSorted(), ['FAILED', 'QUEUED']);
  });

  it('crashes the worker', async () => {
    await script([{ fault: 'worker_crash', after_ms: 50 }]);
    const id = await launch(clients, 'crash-1', { sleep: '60000' });
    await becomes(clients, id, 'FAILED');
    const [messages] = await clients.messages.listJobMessages({
      projectId: project,
      location: region,
      jobId: id,
      minimumImportance: 'JOB_MESSAGE_ERROR',
    });
    assert.match(String(messages.at(-1)?.messageText), /lost contact with the service/);
  });

  it('leaves a job in CANCELLING until it is cancelled by force', async () => {
    await script([{ fault: 'stuck_cancelling' }]);
    const id = await launch(clients, 'stuck-1', { sleep: '200' });
    await becomes(clients, id, 'RUNNING');
    await assert.rejects(cancel(id, { force_cancel_job: 'true' }), { code: 9 });
    await cancel(id);
    await becomes(clients, await launch(clients, 'meanwhile-1', { sleep: '400' }), 'DONE');
    assert.equal(await stateOf(clients, id), 'JOB_STATE_CANCELLING');
    await cancel(id, { force_cancel_job: 'true' });
    assert.equal(await stateOf(clients, id), 'JOB_STATE_CANCELLED');
  });

  it('loses an event', async () => {
    await script([{ fault: 'event_lost', state: 'JOB_STATE_RUNNING' }]);
    await becomes(clients, await launch(clients, 'event-lost-1'), 'DONE');
    await until(() => receiver.states('event-lost-1').includes('DONE'));
    assert.deepEqual(receiver.states('event-lost-1').toSorted(), ['DONE', 'PENDING', 'QUEUED']);
  });

  it('doubles an event, with the same id', async () => {
    await script([{ fault: 'event_doubled', state: 'JOB_STATE_DONE' }]);
    await launch(clients, 'event-doubled-1');
    await until(() => receiver.states('event-doubled-1').length === 5);
    const ids = receiver.events.flatMap((event) =>
      event['job'] === 'event-doubled-1' && event.data?.payload['currentState'] === 'JOB_STATE_DONE'
        ? [event.id]
        : [],
    );
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
  });

  it('sends an event late', async () => {
    await script([{ fault: 'event_late', state: 'JOB_STATE_QUEUED', delay_ms: 400 }]);
    await launch(clients, 'event-late-1');
    await until(() => receiver.states('event-late-1').length === 4);
    assert.equal(receiver.states('event-late-1').at(-1), 'QUEUED');
  });

  it('sends an event after its successor', async () => {
    await script([{ fault: 'event_reordered', state: 'JOB_STATE_RUNNING', delay_ms: 15_000 }]);
    await launch(clients, 'event-reordered-1', { sleep: '100' });
    await until(() => receiver.states('event-reordered-1').length === 4);
    assert.deepEqual(receiver.states('event-reordered-1').slice(-2), ['DONE', 'RUNNING']);
  });

  it('is remembered with what is left of it', async () => {
    await script([{ fault: 'error', method: 'GetJob', status: 503, times: 3 }]);
    await assert.rejects(stateOf(clients, 'x'), { code: 14 });
    const left = await fetch(`${emulator.http}/emulator/faults`);
    assert.deepEqual(await left.json(), [
      { fault: 'error', method: 'GetJob', status: 'UNAVAILABLE', times: 2 },
    ]);
  });
});
