import assert from 'node:assert/strict';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import {
  becomes,
  launch,
  project,
  quick,
  region,
  restClientsOf,
  startStorage,
  stateOf,
  temporaryFolder,
  type Clients,
  type FakeStorage,
} from './support.js';
import { until } from '../support/until.js';

const where = (jobId: string) => ({ projectId: project, location: region, jobId });

function simulated(jobName: string, lastsMs: number) {
  const parameters = { simulate_ms: String(lastsMs) };
  return { launchParameter: { jobName, parameters, containerSpec: { image: 'simulated' } } };
}

describe('the emulator over REST', () => {
  const folder = temporaryFolder();
  let storage: FakeStorage;
  let emulator: Emulator;
  let clients: Clients;
  before(async () => {
    storage = await startStorage();
    emulator = await startEmulator(quick(folder.path, { storage: storage.url }));
    clients = restClientsOf(emulator);
  });
  after(async () => {
    await clients.close();
    await emulator.close();
    await storage.close();
    folder.remove();
  });

  it('serves the clients of Google in their REST mode', async () => {
    const id = await launch(clients, 'rest-1', { sleep: '60000' });
    await becomes(clients, id, 'RUNNING');
    const [listed] = await clients.jobs.listJobs({
      projectId: project,
      location: region,
      filter: 'ACTIVE',
    });
    assert.deepEqual(
      listed.map((job) => job.id),
      [id],
    );
    await clients.jobs.updateJob({
      ...where(id),
      job: { requestedState: 'JOB_STATE_CANCELLED' },
    });
    await becomes(clients, id, 'CANCELLED');
    const [messages] = await clients.messages.listJobMessages({
      ...where(id),
      minimumImportance: 'JOB_MESSAGE_BASIC',
    });
    assert.ok(messages.some(({ messageText }) => /Cancel request/.test(String(messageText))));
    const [{ metrics }] = await clients.metrics.getJobMetrics(where(id));
    assert.ok(metrics?.some(({ name }) => name?.name === 'TotalVcpuTime'));
  });

  it('answers errors as a google.rpc.Status', async () => {
    const response = await fetch(
      `${emulator.http}/v1b3/projects/${project}/locations/${region}/jobs/none`,
    );
    assert.equal(response.status, 404);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    assert.equal(error['code'], 404);
    assert.equal(error['status'], 'NOT_FOUND');
    assert.match(String(error['message']), /none could not be found/);
  });

  it('lists every violation of a template’s parameters', async () => {
    const containerSpec = {
      image: 'example',
      metadata: {
        parameters: [
          { name: 'plan', regexes: ['gs://.+'] },
          { name: 'run_key' },
          { name: 'profiles', isOptional: true },
        ],
      },
    };
    const response = await post('flexTemplates:launch', {
      launchParameter: {
        jobName: 'invalid-1',
        containerSpec,
        parameters: { plan: 'plan.json', pln: 'x' },
      },
    });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    assert.equal(response.status, 400);
    assert.deepEqual(error['details'], [
      {
        '@type': 'type.googleapis.com/google.dataflow.v1beta3.InvalidTemplateParameters',
        parameterViolations: [
          { parameter: 'pln', description: 'Unrecognized parameter' },
          { parameter: 'plan', description: "Parameter didn't match regex 'gs://.+'" },
          { parameter: 'run_key', description: 'Missing required parameter' },
        ],
      },
    ]);
  });

  it('reads the container spec from storage, and launches nothing if it is only to validate', async () => {
    storage.objects.set(
      'gs://templates/etl.json',
      JSON.stringify({
        image: 'simulated',
        defaultEnvironment: { machineType: 'n2-highmem-4', numWorkers: 3 },
      }),
    );
    const launchParameter = { jobName: 'spec-1', containerSpecGcsPath: 'gs://templates/etl.json' };
    const validated = await post('flexTemplates:launch', { launchParameter, validateOnly: true });
    assert.deepEqual(await validated.json(), {});
    const missing = await post('flexTemplates:launch', {
      launchParameter: { ...launchParameter, containerSpecGcsPath: 'gs://templates/none.json' },
    });
    assert.equal(missing.status, 404);
    const launched = await post('flexTemplates:launch', {
      launchParameter: { ...launchParameter, environment: { numWorkers: 1 } },
    });
    const { job } = (await launched.json()) as { job: { id: string } };
    const [found] = await clients.jobs.getJob({ ...where(job.id), view: 'JOB_VIEW_ALL' });
    assert.equal(found.environment?.workerPools?.[0]?.machineType, 'n2-highmem-4');
    assert.equal(found.environment?.workerPools?.[0]?.numWorkers, 1);
    await becomes(clients, job.id, 'DONE');
  });

  it('leaves the launcher’s log in storage', async () => {
    const id = await launch(
      clients,
      'console-1',
      { mode: 'unstarted' },
      { environment: { stagingLocation: 'gs://b/staging' } },
    );
    const log = `gs://b/staging/template_launches/${id}/console_logs`;
    await until(() => storage.objects.has(log));
    assert.match(String(storage.objects.get(log)), /ModuleNotFoundError/);
    const [messages] = await clients.messages.listJobMessages(where(id));
    assert.ok(messages.some(({ messageText }) => messageText?.includes(log)));
  });

  it('refuses by name what it does not do', async () => {
    const response = await post('jobs', { name: 'x' });
    assert.equal(response.status, 501);
    assert.match(await response.text(), /does not implement CreateJob/);
  });

  it('tells which requests it received', async () => {
    await fetch(`${emulator.http}/emulator/requests`, { method: 'DELETE' });
    await assert.rejects(stateOf(clients, 'unknown'));
    const received = (await (await fetch(`${emulator.http}/emulator/requests`)).json()) as {
      method: string;
      transport: string;
      status: string;
      request: object;
    }[];
    const [{ method, transport, status, request }] = received as [(typeof received)[0]];
    assert.deepEqual(
      { method, transport, status, request },
      { method: 'GetJob', transport: 'rest', status: 'NOT_FOUND', request: where('unknown') },
    );
  });

  it('pages through the jobs of every region', async () => {
    const name = 'paged';
    for (const location of ['r1', 'r2', 'r3']) {
      await post('flexTemplates:launch', simulated(`${name}-${location}`, 60_000), location);
    }
    await until(async () => (await pages(`${name}-`)).length === 3);
    assert.deepEqual((await pages(`${name}-`)).toSorted(), ['paged-r1', 'paged-r2', 'paged-r3']);
  });

  async function pages(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for (let pageToken = ''; ;) {
      const url = `${emulator.http}/v1b3/projects/${project}/jobs:aggregated?filter=ACTIVE&pageSize=2&pageToken=${pageToken}`;
      const page = (await (await fetch(url)).json()) as {
        jobs: { name: string }[];
        nextPageToken?: string;
      };
      assert.ok(page.jobs.length <= 2);
      names.push(...page.jobs.map((job) => job.name).filter((job) => job.startsWith(prefix)));
      if (page.nextPageToken === undefined) return names;
      pageToken = page.nextPageToken;
    }
  }
  function post(path: string, body: object, location = region): Promise<Response> {
    return fetch(`${emulator.http}/v1b3/projects/${project}/locations/${location}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
});
