import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import {
  DataflowRefused,
  DataflowUnavailable,
  JobNameTaken,
  JobNotFound,
  UnknownJobState,
  type Dataflow,
  type LaunchRequest,
} from '../../src/gateways/dataflow.js';
import { createDataflow } from '../../src/gateways/google-dataflow.js';
import type { JobView, LaunchOptions } from '../../src/shared/run/job.js';
import {
  startDataflowServer,
  StatusError,
  type DataflowServer,
} from '../support/dataflow-server.js';

const job = { project: 'my-project', region: 'europe-west1', jobId: 'j1' };
const asked: LaunchRequest = {
  project: 'my-project',
  region: 'europe-west1',
  jobName: 'orders-1',
  labels: { 'beamline-run': 'q4kx7mw2ta' },
  parameters: { plan: 'gs://bucket/plan.json', attempt: '1' },
  launch: { containerSpecGcsPath: 'gs://bucket/spec.json' },
};

/** Each option with a value of its own, and what the service must receive for it. */
const options: {
  [
    K in Exclude<
      keyof LaunchOptions,
      'containerSpecGcsPath' | 'region' | 'attempts' | 'reconcileAfter' | 'forceCancelAfter'
    >
  ]-?: [LaunchOptions[K], Record<string, unknown>];
} = {
  numWorkers: [3, { numWorkers: 3 }],
  maxWorkers: [17, { maxWorkers: 17 }],
  machineType: ['n2-standard-4', { machineType: 'n2-standard-4' }],
  launcherMachineType: ['e2-medium', { launcherMachineType: 'e2-medium' }],
  network: ['shop', { network: 'shop' }],
  subnetwork: ['regions/r1/subnetworks/s', { subnetwork: 'regions/r1/subnetworks/s' }],
  zone: ['europe-west1-b', { zone: 'europe-west1-b' }],
  workerRegion: ['europe-west4', { workerRegion: 'europe-west4' }],
  workerZone: ['europe-west1-c', { workerZone: 'europe-west1-c' }],
  sdkContainerImage: ['image:1', { sdkContainerImage: 'image:1' }],
  serviceAccountEmail: ['etl@example.com', { serviceAccountEmail: 'etl@example.com' }],
  ipConfiguration: ['public', { ipConfiguration: 'WORKER_IP_PUBLIC' }],
  stagingLocation: ['gs://b/staging', { stagingLocation: 'gs://b/staging' }],
  tempLocation: ['gs://b/tmp', { tempLocation: 'gs://b/tmp' }],
  kmsKeyName: ['projects/p/x', { kmsKeyName: 'projects/p/x' }],
  additionalExperiments: [['one', 'two=2'], { additionalExperiments: ['one', 'two=2'] }],
  additionalPipelineOptions: [
    { threads: '4', flag: '' },
    { additionalPipelineOptions: ['threads=4', 'flag='] },
  ],
  additionalUserLabels: [
    { team: 'finance' },
    { additionalUserLabels: { team: 'finance', 'beamline-run': 'q4kx7mw2ta' } },
  ],
  enableStreamingEngine: [true, { enableStreamingEngine: true }],
  flexrsGoal: ['cost_optimized', { flexrsGoal: 'FLEXRS_COST_OPTIMIZED' }],
  diskSizeGb: [50, { diskSizeGb: 50 }],
};

function timestamp(time: string): object {
  return { seconds: Date.parse(time) / 1000 };
}

/** A listed job, created on that day of January 2026, and ended on that day. */
function listed(
  id: string,
  day: number,
  currentState: string | number = 'JOB_STATE_DONE',
  end = day,
): object {
  const [createTime, currentStateTime] = [day, end].map((one) =>
    timestamp(`2026-01-0${one}T00:00:00Z`),
  );
  return { id, createTime, currentStateTime, currentState };
}

function metric(origin: string, name: string, value: number, context = {}): object {
  return { name: { origin, name, context }, scalar: { numberValue: value } };
}

function privateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The key file of a service account that exists nowhere. */
function accountWith(key: string): object {
  return {
    type: 'service_account',
    project_id: 'p',
    private_key_id: '1',
    private_key: key,
    client_email: 'etl@example.com',
    client_id: '1',
    token_uri: 'http://127.0.0.1:9/token',
  };
}

describe('the Dataflow gateway', function () {
  this.timeout(20_000);
  let server: DataflowServer;
  let dataflow: Dataflow;

  before(async () => {
    server = await startDataflowServer();
    dataflow = await createDataflow({ emulator: server.address });
  });
  after(async () => {
    await dataflow.close();
    server.close();
  });
  beforeEach(() => {
    server.calls.length = 0;
    for (const name of Object.keys(server.handlers)) delete server.handlers[name];
  });

  /** The request that the service got for a launch with these options. */
  async function launched(launch: LaunchOptions): Promise<Record<string, unknown>> {
    server.handlers['launchFlexTemplate'] = () => ({
      job: { id: 'j1', currentState: 'JOB_STATE_QUEUED' },
    });
    await dataflow.launch({ ...asked, launch: { ...asked.launch, ...launch } });
    return server.calls.at(-1)?.request ?? {};
  }

  it('launches with the project, region, name, spec, parameters and labels that were asked for', async () => {
    const request = await launched({});
    assert.deepEqual(request, {
      projectId: 'my-project',
      location: 'europe-west1',
      launchParameter: {
        jobName: 'orders-1',
        containerSpecGcsPath: 'gs://bucket/spec.json',
        parameters: { plan: 'gs://bucket/plan.json', attempt: '1' },
        environment: {
          machineType: 'e2-standard-2',
          ipConfiguration: 'WORKER_IP_PRIVATE',
          additionalUserLabels: { 'beamline-run': 'q4kx7mw2ta' },
        },
      },
    });
  });

  for (const [name, [value, received]] of Object.entries(options)) {
    it(`brings ${name} to the service`, async () => {
      const request = await launched({ [name]: value });
      const { environment } = request['launchParameter'] as { environment: object };
      assert.deepEqual(environment, {
        machineType: 'e2-standard-2',
        ipConfiguration: 'WORKER_IP_PRIVATE',
        additionalUserLabels: { 'beamline-run': 'q4kx7mw2ta' },
        ...received,
      });
    });
  }

  it('lets no user label replace one of its own', async () => {
    const request = await launched({ additionalUserLabels: { 'beamline-run': 'other' } });
    assert.match(JSON.stringify(request), /"beamline-run":"q4kx7mw2ta"/);
  });

  it('gives the job that was launched', async () => {
    server.handlers['launchFlexTemplate'] = () => ({
      job: { id: 'j1', name: 'orders-1', currentState: 'JOB_STATE_QUEUED' },
    });
    const view = await dataflow.launch(asked);
    assert.deepEqual([view?.jobId, view?.state], ['j1', 'JOB_STATE_QUEUED']);
  });

  it('asks only, with `validateOnly`', async () => {
    server.handlers['launchFlexTemplate'] = () => ({});
    assert.equal(await dataflow.launch({ ...asked, validateOnly: true }), null);
    assert.equal(server.calls[0]?.request['validateOnly'], true);
  });

  for (const [code, expected] of [
    [status.ALREADY_EXISTS, JobNameTaken],
    [status.NOT_FOUND, DataflowRefused],
    [status.INVALID_ARGUMENT, DataflowRefused],
    [status.PERMISSION_DENIED, DataflowRefused],
    [status.UNAUTHENTICATED, DataflowRefused],
    [status.FAILED_PRECONDITION, DataflowRefused],
    [status.UNAVAILABLE, DataflowUnavailable],
    [status.RESOURCE_EXHAUSTED, DataflowUnavailable],
    [status.DEADLINE_EXCEEDED, DataflowUnavailable],
    [status.INTERNAL, DataflowUnavailable],
    [status.ABORTED, DataflowUnavailable],
  ] as const) {
    it(`asks once for a launch that ends in ${status[code]}: ${expected.name}`, async () => {
      server.handlers['launchFlexTemplate'] = () => {
        throw new StatusError(code, 'no');
      };
      await assert.rejects(dataflow.launch(asked), (error: Error) => {
        assert.ok(error instanceof expected, String(error));
        if (error instanceof DataflowRefused) assert.equal(error.status, status[code]);
        return true;
      });
      assert.equal(server.calls.length, 1);
    });
  }

  function denied(message: string): void {
    server.handlers['launchFlexTemplate'] = () => {
      throw new StatusError(status.PERMISSION_DENIED, message);
    };
  }

  it('takes a quota error for a passing one, and a missing quota project not', async () => {
    denied("Quota exceeded for quota metric 'Create requests' and limit 'per minute'");
    await assert.rejects(dataflow.launch(asked), DataflowUnavailable);
    denied(
      'The dataflow.googleapis.com API requires a quota project, which is not set by default.',
    );
    await assert.rejects(dataflow.launch(asked), DataflowRefused);
  });

  it('is unavailable when nobody listens', async () => {
    const nobody = await createDataflow({ emulator: '127.0.0.1:9' });
    await assert.rejects(nobody.get(job), DataflowUnavailable);
    await nobody.close();
  });

  it('is refused without credentials, and looks for them again at the next call', async () => {
    const saved = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    const google = await createDataflow({ emulator: '' });
    try {
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nowhere/one.json';
      await assert.rejects(google.get(job), /nowhere\/one\.json/);
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nowhere/two.json';
      await assert.rejects(google.get(job), (error: Error) => {
        assert.ok(error instanceof DataflowRefused, String(error));
        assert.equal(error.status, 'UNAUTHENTICATED');
        assert.match(error.message, /nowhere\/two\.json/);
        return true;
      });
    } finally {
      if (saved === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = saved;
      await google.close();
    }
  });

  it('prepares without asking the service, twice without harm', async () => {
    assert.ok('prepare' in dataflow);
    await dataflow.prepare?.();
    await dataflow.prepare?.();
    assert.deepEqual(server.calls, []);
  });

  it('finds credentials and makes a token when it prepares', async () => {
    const saved = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    const folder = await mkdtemp(join(tmpdir(), 'beamline-credentials-'));
    const google = await createDataflow({ emulator: '' });
    try {
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = join(folder, 'none.json');
      await assert.rejects(
        async () => google.prepare?.(),
        (error: Error) => {
          assert.ok(error instanceof DataflowRefused, String(error));
          assert.equal(error.status, 'UNAUTHENTICATED');
          return true;
        },
      );
      const key = join(folder, 'key.json');
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = key;
      // Its token is one that the key signs, for which nobody needs to be asked.
      await writeFile(key, JSON.stringify(accountWith('no key')));
      await assert.rejects(async () => google.prepare?.());
      await writeFile(key, JSON.stringify(accountWith(privateKey())));
      await google.prepare?.();
    } finally {
      if (saved === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = saved;
      await google.close();
      await rm(folder, { recursive: true });
    }
  });

  it('reads a job with a view that has its labels', async () => {
    server.handlers['getJob'] = () => ({
      id: 'j1',
      name: 'orders-1',
      type: 'JOB_TYPE_STREAMING',
      currentState: 'JOB_STATE_UPDATED',
      currentStateTime: { seconds: 1_800_000_000, nanos: 5_000_000 },
      createTime: { seconds: 1_799_999_000, nanos: 0 },
      labels: { 'beamline-run': 'q4kx7mw2ta' },
      replacedByJobId: 'j2',
    });
    assert.deepEqual(await dataflow.get(job), {
      jobId: 'j1',
      jobName: 'orders-1',
      state: 'JOB_STATE_UPDATED',
      stateTime: '2027-01-15T08:00:00.005Z',
      createTime: '2027-01-15T07:43:20.000Z',
      type: 'streaming',
      labels: { 'beamline-run': 'q4kx7mw2ta' },
      replacedByJobId: 'j2',
    });
    assert.deepEqual(server.calls[0]?.request, {
      projectId: 'my-project',
      jobId: 'j1',
      location: 'europe-west1',
      view: 'JOB_VIEW_DESCRIPTION',
    });
  });

  it('finds no job where the service finds none', async () => {
    server.handlers['getJob'] = () => {
      throw new StatusError(status.NOT_FOUND, 'no such job');
    };
    await assert.rejects(dataflow.get(job), JobNotFound);
  });

  it('fails loudly on a state that it does not know', async () => {
    server.handlers['getJob'] = () => ({ id: 'j1', currentState: 99 });
    await assert.rejects(dataflow.get(job), (error: Error) => {
      assert.ok(error instanceof UnknownJobState);
      assert.match(error.message, /job j1 is in the state 99/);
      return true;
    });
  });

  async function idsOf(where: Partial<Parameters<Dataflow['list']>[0]>): Promise<string[]> {
    const { project, region } = job;
    const found: JobView[] = [];
    const views = dataflow.list({ project, region, filter: 'ALL', ...where });
    for await (const view of views) found.push(view);
    return found.map(({ jobId }) => jobId);
  }

  it('lists the jobs of every page that are young enough, whatever their order', async () => {
    const pages: Record<string, Record<string, unknown>> = {
      '': {
        jobs: [listed('j1', 1), listed('j4', 4, 'JOB_STATE_RUNNING'), listed('j3', 3, 99)],
        nextPageToken: 'empty',
      },
      empty: { nextPageToken: 'more' },
      more: { jobs: [listed('j0', 1), listed('j2', 2)], nextPageToken: 'long' },
      long: { jobs: [listed('j7', 1, 'JOB_STATE_DONE', 3)], nextPageToken: 'old' },
      old: { jobs: [listed('j9', 1), listed('j8', 1)], nextPageToken: 'never asked for' },
    };
    server.handlers['listJobs'] = ({ pageToken = '' }) => pages[pageToken as string] ?? {};
    // j3 belongs to somebody else, whose states are not our concern.
    assert.deepEqual(await idsOf({ createdSince: '2026-01-02T00:00:00Z', name: 'orders-1' }), [
      'j4',
      'j2',
    ]);
    const request = server.calls[0]?.request ?? {};
    assert.deepEqual(
      [request['filter'], request['name'], request['location'], server.calls.length],
      ['ALL', 'orders-1', 'europe-west1', 5],
    );
  });

  it('gives a state that it does not know to who asks for that, and else fails at ours', async () => {
    const ours = { ...listed('j2', 2, 99), name: 'orders', labels: { 'beamline-run': 'x' } };
    server.handlers['listJobs'] = () => ({ jobs: [listed('j3', 3, 99), ours, listed('j1', 1)] });
    const unread: UnknownJobState[] = [];
    assert.deepEqual(await idsOf({ unread: (error) => unread.push(error) }), ['j1']);
    assert.deepEqual(
      unread.map(({ jobId, jobName, state }) => [jobId, jobName, state]),
      [
        ['j3', '', '99'],
        ['j2', 'orders', '99'],
      ],
    );
    await assert.rejects(idsOf({}), /job j2 is in the state 99/);
  });

  for (const [state, force, labels] of [
    ['JOB_STATE_CANCELLED', false, undefined],
    ['JOB_STATE_DRAINED', false, undefined],
    ['JOB_STATE_CANCELLED', true, { force_cancel_job: 'true' }],
  ] as const) {
    it(`asks for ${state}${force ? ', by force' : ''}`, async () => {
      server.handlers['updateJob'] = () => ({});
      await dataflow.request(job, state, { force });
      assert.deepEqual(server.calls[0]?.request, {
        projectId: 'my-project',
        jobId: 'j1',
        location: 'europe-west1',
        job: { requestedState: state, ...(labels && { labels }) },
      });
    });
  }

  it('reads the messages of an importance, the oldest first', async () => {
    server.handlers['listJobMessages'] = () => ({
      jobMessages: [
        { time: { seconds: 20 }, messageText: 'b', messageImportance: 'JOB_MESSAGE_ERROR' },
        { time: { seconds: 10 }, messageText: 'a', messageImportance: 'JOB_MESSAGE_WARNING' },
      ],
    });
    const since = '2026-01-01T00:00:00.250Z';
    assert.deepEqual(await dataflow.messages(job, { minimum: 'warning', since }), [
      { time: '1970-01-01T00:00:10.000Z', importance: 'warning', text: 'a' },
      { time: '1970-01-01T00:00:20.000Z', importance: 'error', text: 'b' },
    ]);
    const request = server.calls[0]?.request ?? {};
    assert.equal(request['minimumImportance'], 'JOB_MESSAGE_WARNING');
    assert.deepEqual(request['startTime'], { seconds: '1767225600', nanos: 250_000_000 });
  });

  it('reads what a job consumed, and the rows of each step', async () => {
    server.handlers['getJobMetrics'] = () => ({
      metrics: [
        metric('dataflow/v1b3', 'TotalVcpuTime', 7200),
        metric('user', 'rows', 12, { namespace: 'orders', step: 's1' }),
      ],
    });
    const { rows, vcpuHours, shuffleGb } = await dataflow.metrics(job);
    assert.deepEqual([rows, vcpuHours, shuffleGb], [{ orders: 12 }, 2, null]);
  });
});
