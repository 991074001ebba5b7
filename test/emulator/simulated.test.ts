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
  startStorage,
  temporaryFolder,
  type Clients,
  type FakeStorage,
  type Receiver,
} from './support.js';
import { until } from '../support/until.js';

describe('a simulated job', () => {
  const folder = temporaryFolder();
  let storage: FakeStorage;
  let receiver: Receiver;
  let emulator: Emulator;
  let clients: Clients;
  before(async () => {
    storage = await startStorage();
    receiver = await startReceiver();
    emulator = await startEmulator(
      quick(folder.path, { storage: storage.url, events: [receiver.url] }),
    );
    clients = clientsOf(emulator);
  });
  after(async () => {
    await clients.close();
    await emulator.close();
    await receiver.close();
    await storage.close();
    folder.remove();
  });

  const simulated = { containerSpec: { image: 'simulated' } };

  it('writes its objects unless they are there, and ends as it is told', async () => {
    const uri = 'gs://b/staging/r/1/manifest.json';
    storage.objects.set(
      'gs://templates/simulated.json',
      JSON.stringify({
        image: 'simulated',
        simulate: {
          lastsMs: 20,
          writes: [
            {
              uri: '${staging}/manifest.json',
              content: '{"run_key":"${run_key}","plan_sha256":"${plan.stem}"}',
            },
          ],
        },
      }),
    );
    const template = { containerSpecGcsPath: 'gs://templates/simulated.json' };
    const parameters = {
      staging: 'gs://b/staging/r/1',
      run_key: 'r',
      plan: 'gs://b/plans/abc.json',
    };
    const once = { ...template, containerSpec: undefined };
    await becomes(clients, await launch(clients, 'writes-1', parameters, once), 'DONE');
    assert.equal(storage.objects.get(uri), '{"run_key":"r","plan_sha256":"abc"}');
    storage.objects.set(uri, 'of another');
    await becomes(clients, await launch(clients, 'writes-2', parameters, once), 'DONE');
    assert.equal(storage.objects.get(uri), 'of another');
  });

  for (const state of ['FAILED', 'CANCELLED', 'UPDATED', 'DRAINED']) {
    it(`can end as ${state}`, async () => {
      const parameters = { simulate_ms: '10', simulate_state: `JOB_STATE_${state}` };
      const id = await launch(clients, `ends-${state.toLowerCase()}`, parameters, simulated);
      await becomes(clients, id, state);
      const [job] = await clients.jobs.getJob({ projectId: project, location: region, jobId: id });
      assert.equal(Boolean(job.replacedByJobId), state === 'UPDATED');
    });
  }

  it('is refused if what it is told makes no sense', async () => {
    for (const parameters of [{ simulate_ms: 'soon' }, { simulate_state: 'JOB_STATE_GONE' }]) {
      await assert.rejects(launch(clients, 'nonsense-1', parameters, simulated), { code: 3 });
    }
  });

  it('is one of many', async () => {
    const count = 600;
    const names = Array.from({ length: count }, (_, index) => `many-${index}`);
    for (let first = 0; first < count; first += 100) {
      const part = names.slice(first, first + 100);
      await Promise.all(
        part.map((name) => launch(clients, name, { simulate_ms: '60000' }, simulated)),
      );
    }
    await until(async () => {
      const [jobs] = await clients.jobs.listJobs({
        projectId: project,
        location: region,
        filter: 'ACTIVE',
      });
      return jobs.length === count;
    }, 'all are running');
    await until(() => receiver.events.length >= 3 * count, 'every event has come');
  }).timeout(60_000);
});
