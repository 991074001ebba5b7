import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, type Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createJobActivities } from '../../src/runners/dataflow/activities.js';
import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  UnknownJobState,
} from '../../src/gateways/dataflow.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import type { FailureType } from '../../src/shared/failures.js';
import type { DataflowTarget } from '../../src/shared/run/job.js';
import { identityOf, labelsOf } from '../../src/shared/run/job-identity.js';
import type { LaunchedJob, LaunchJob } from '../../src/shared/run/launch-job.js';
import type { Client } from '@temporalio/client';
import { FakeDataflow } from '../support/fake-dataflow.js';

const target: DataflowTarget = {
  project: 'my-project',
  region: 'europe-west1',
  store: 'gs://bucket/beamline',
  deployment: 'deployment',
  console: 'https://console.cloud.google.com',
  launch: { containerSpecGcsPath: 'gs://bucket/spec.json', attempts: 1, numWorkers: 3 },
  reconcileAfterMs: 900_000,
  forceCancelAfterMs: 1_800_000,
};
const runKey = 'q4kx7mw2ta';
const request: LaunchJob = {
  target,
  uploaded: {
    planUri: 'gs://bucket/beamline/plans/abc.json',
    profilesUri: 'gs://bucket/beamline/runs/q4kx7mw2ta/profiles.json',
    inputsUri: null,
  },
  runKey,
  jobName: 'orders-20261125t0100-q4kx7mw2ta-1',
  ordinal: 1,
  startedAt: '2026-11-25T01:00:00.000Z',
  mayExist: false,
  wasReset: false,
};
const { jobName } = request;
const labels = labelsOf({ workflowId: 'test', runKey, ordinal: 1, deployment: 'deployment' });
const reference = { project: 'my-project', region: 'europe-west1', jobId: 'job-1' };

function environmentOf(info: Partial<Info> = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
}

function isFailure(type: FailureType, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ApplicationFailure, String(error));
    assert.equal(error.type, type);
    assert.match(error.message, message);
    return true;
  };
}

/** A server that waits for that attempt of the activity that asks; by default for its present one. */
function waitingFor(attempt?: number | null): Client {
  const describe = (): Promise<unknown> => {
    const { activityId, attempt: own } = Context.current().info;
    const pendingActivities = attempt === null ? [] : [{ activityId, attempt: attempt ?? own }];
    return Promise.resolve({ raw: { pendingActivities } });
  };
  return { workflow: { getHandle: () => ({ describe }) } } as unknown as Client;
}

describe('the activities of a job', () => {
  let dataflow: FakeDataflow;
  /** URIs of what is in the bucket. */
  let bucket: Set<string>;
  beforeEach(() => {
    dataflow = new FakeDataflow();
    bucket = new Set([request.uploaded.profilesUri ?? '']);
  });
  const objects = async (): Promise<ObjectStore> =>
    ({
      stat: async (uri: string) => (bucket.has(uri) ? { uri } : null),
    }) as unknown as ObjectStore;

  const activities = (): ReturnType<typeof createJobActivities> =>
    createJobActivities({
      root: '',
      client: waitingFor(),
      dataflow: async () => dataflow,
      objects,
    });
  const launch = (
    changes: Partial<LaunchJob> = {},
    info: Partial<Info> = {},
  ): Promise<LaunchedJob> =>
    environmentOf(info).run(activities().launchJob, { ...request, ...changes });

  const launchedAfterReset = async (): Promise<LaunchedJob['instead']> =>
    (await launch({ mayExist: true, wasReset: true })).instead;
  const find = (): Promise<unknown> => environmentOf().run(activities().findJob, request);

  const read = (): Promise<unknown> => environmentOf().run(activities().readJob, reference);

  const stop = (how: 'cancel' | 'drain' | 'force'): Promise<void> =>
    environmentOf().run(activities().stopJob, reference, how);

  describe('launchJob', () => {
    it('launches once, and looks for nothing before it', async () => {
      assert.deepEqual(await launch(), {
        jobId: 'job-1',
        state: 'JOB_STATE_QUEUED',
        adopted: false,
      });
      assert.deepEqual(dataflow.calls, ['launch']);
      const [asked] = dataflow.launches;
      assert.deepEqual(asked?.parameters, {
        plan: request.uploaded.planUri,
        profiles: request.uploaded.profilesUri,
        staging: `gs://bucket/beamline/staging/${runKey}/1`,
        run_key: runKey,
        attempt: '1',
        closed: `gs://bucket/beamline/runs/${runKey}/receipt.json`,
      });
      assert.equal(asked?.launch.numWorkers, 3);
      assert.deepEqual(identityOf(asked?.labels ?? {}), {
        workflowId: 'test',
        runKey,
        ordinal: 1,
        deployment: 'deployment',
      });
    });

    it("says the workers' image by the template's parameter and in the environment", async () => {
      const sdkContainerImage = 'registry/worker:1';
      const target = { ...request.target, launch: { ...request.target.launch, sdkContainerImage } };
      await launch({ target });
      const [asked] = dataflow.launches;
      assert.equal(asked?.parameters['sdk_container_image'], sdkContainerImage);
      assert.equal(asked?.launch.sdkContainerImage, sdkContainerImage);
    });

    it('run twice, launches one job', async () => {
      await launch();
      const again = await launch({}, { attempt: 2 });
      assert.deepEqual(again, { jobId: 'job-1', state: 'JOB_STATE_QUEUED', adopted: true });
      assert.equal(dataflow.jobs.length, 1);
    });

    it('run twice, launches none after one that has ended meanwhile: its name is free', async () => {
      await launch();
      dataflow.jobs[0]!.state = 'JOB_STATE_DONE';
      const again = await launch({}, { attempt: 2 });
      assert.deepEqual(again, { jobId: 'job-1', state: 'JOB_STATE_DONE', adopted: true });
      assert.equal(dataflow.launches.length, 1);
    });

    it('adopts the job whose answer was lost', async () => {
      dataflow.faults.loseAnswer = true;
      await assert.rejects(launch(), isFailure('DataflowUnavailable', /no answer/));
      assert.deepEqual(await launch({}, { attempt: 2 }), {
        jobId: 'job-1',
        state: 'JOB_STATE_QUEUED',
        adopted: true,
      });
      assert.equal(dataflow.jobs.length, 1);
    });

    it('waits for the id of a job that is QUEUED and in no list', async () => {
      dataflow.faults = { loseAnswer: true, hideQueued: true };
      await assert.rejects(launch(), isFailure('DataflowUnavailable', /no answer/));
      assert.deepEqual(await launch({}, { attempt: 2 }), {
        jobId: null,
        state: null,
        adopted: true,
      });
      assert.equal(dataflow.live.length, 1);
    });

    it('adopts the job of its own that has the name, if another launch was quicker', async () => {
      dataflow.add({ jobName, labels });
      assert.deepEqual(await launch(), {
        jobId: 'job-1',
        state: 'JOB_STATE_QUEUED',
        adopted: true,
      });
      assert.equal(dataflow.jobs.length, 1);
    });

    for (const state of ['JOB_STATE_DONE', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'] as const) {
      it(`adopts the job of a reset run that is ${state}, and launches none`, async () => {
        dataflow.add({ jobName, labels, state });
        const { adopted, state: found } = await launch({ mayExist: true });
        assert.deepEqual([adopted, found, dataflow.launches.length], [true, state, 0]);
      });
    }

    it('skips, after a reset, a job that ended badly or left no manifest, and takes one that did', async () => {
      const manifest = `${target.store}/staging/${runKey}/1/manifest.json`;
      const job = dataflow.add({ jobName, labels, state: 'JOB_STATE_DONE' });
      assert.equal(await launchedAfterReset(), 'skip');
      bucket.add(manifest);
      assert.equal(await launchedAfterReset(), undefined);
      for (const state of ['JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'] as const) {
        job.state = state;
        assert.equal(await launchedAfterReset(), 'skip');
      }
      job.state = 'JOB_STATE_RUNNING';
      assert.equal(await launchedAfterReset(), undefined);
      assert.equal(dataflow.launches.length, 0);
    });

    it('asks for another upload after a reset if the run had ended before', async () => {
      const again = { mayExist: true, wasReset: true };
      bucket.add(`${target.store}/runs/${runKey}/receipt.json`);
      assert.equal((await launch(again)).instead, 'upload again');
      bucket.clear(); // The end took the profiles away.
      assert.equal((await launch(again)).instead, 'upload again');
      assert.deepEqual(dataflow.calls, []);
    });

    it('goes on looking where a look is refused: that says nothing of the job', async () => {
      dataflow.faults.next = new DataflowRefused('no', 'PERMISSION_DENIED');
      await assert.rejects(launch({ mayExist: true }), isFailure('DataflowUnavailable', /no/));
      assert.equal(dataflow.launches.length, 0);
    });

    it('launches after a reset if there was no job yet', async () => {
      assert.equal((await launch({ mayExist: true })).adopted, false);
      assert.deepEqual(dataflow.calls, ['list ACTIVE', 'list TERMINATED', 'launch']);
    });

    it('reads the labels of a job whose listing has none', async () => {
      dataflow.add({ jobName, labels });
      dataflow.faults.listWithoutLabels = true;
      assert.equal((await launch({ mayExist: true })).jobId, 'job-1');
      assert.deepEqual(dataflow.calls, ['list ACTIVE', 'get']);
    });

    it('asks for no job by itself whose listing has labels', async () => {
      dataflow.add({ jobName, labels });
      assert.equal((await launch({ mayExist: true })).jobId, 'job-1');
      assert.deepEqual(dataflow.calls, ['list ACTIVE']);
    });

    it('goes on without a job that is gone when it is looked at', async () => {
      dataflow.add({ jobName, labels, state: 'JOB_STATE_DONE' });
      dataflow.faults = { listWithoutLabels: true, nextGet: new JobNotFound('gone') };
      assert.equal((await launch({ mayExist: true })).adopted, false);
    });

    it('launches nothing while it cannot look at a job that may be its own', async () => {
      dataflow.add({ jobName, labels, state: 'JOB_STATE_DONE' });
      dataflow.faults = { listWithoutLabels: true, nextGet: new DataflowUnavailable('503') };
      await assert.rejects(launch({ mayExist: true }), isFailure('DataflowUnavailable', /503/));
      assert.equal(dataflow.launches.length, 0);
    });

    it('adopts no job of another name, though the list gives it', async () => {
      dataflow.faults.listAnyName = true;
      dataflow.add({ jobName: `${jobName}0`, labels });
      assert.equal((await launch({ mayExist: true })).jobId, 'job-2');
    });

    it('adopts an ended job that seems older than its run: their clocks may differ by 10 minutes', async () => {
      const state = 'JOB_STATE_DONE';
      for (const [createTime, adopted] of [
        ['2026-11-25T00:50:00.000Z', true],
        ['2026-11-25T00:49:59.999Z', false],
      ] as const) {
        dataflow = new FakeDataflow();
        dataflow.add({ jobName, labels, state, createTime });
        assert.equal((await launch({ mayExist: true })).adopted, adopted, createTime);
      }
    });

    it('refuses the active job of somebody else that has the name, however old', async () => {
      dataflow.add({ jobName, labels: {}, createTime: '2026-01-01T00:00:00.000Z' });
      await assert.rejects(launch(), isFailure('LaunchConflict', /job job-1 with no labels;/));
    });

    it('refuses the active job of somebody else that has the name, and names both', async () => {
      const theirs = { ...labels, 'beamline-deployment': 'another' };
      dataflow.add({ jobName, labels: theirs });
      for (const again of [{}, { mayExist: true }]) {
        await assert.rejects(
          launch(again),
          isFailure(
            'LaunchConflict',
            new RegExp(
              `named ${jobName} .*job job-1 .*beamline-deployment=another.*this run is ${runKey} of deployment deployment`,
            ),
          ),
        );
      }
      assert.equal(dataflow.jobs.length, 1);
    });

    it('is not troubled by jobs of another name, an ended one of somebody else, and old ones', async () => {
      dataflow.add({
        jobName,
        labels,
        state: 'JOB_STATE_DONE',
        createTime: '2026-11-24T00:00:00Z',
      });
      dataflow.add({ jobName, labels: {}, state: 'JOB_STATE_DONE' });
      dataflow.add({ jobName: `${jobName}0`, labels });
      const launched = await launch({ mayExist: true });
      assert.deepEqual([launched.jobId, launched.adopted], ['job-4', false]);
    });

    it('says what to do about a refusal, and is not tried again', async () => {
      const cases: [DataflowRefused, RegExp][] = [
        [
          new DataflowRefused(
            'Dataflow API has not been used in project 1 before or it is disabled.',
            'PERMISSION_DENIED',
          ),
          /Enable the API: gcloud services enable dataflow\.googleapis\.com --project my-project/,
        ],
        [
          new DataflowRefused('The caller lacks dataflow.jobs.create', 'PERMISSION_DENIED'),
          /roles\/dataflow\.developer in my-project, roles\/iam\.serviceAccountUser/,
        ],
        [
          new DataflowRefused('No such object: bucket/spec.json', 'NOT_FOUND'),
          /spec gs:\/\/bucket\/spec\.json exists/,
        ],
        [
          new DataflowRefused('machine type x9 is unknown', 'INVALID_ARGUMENT'),
          /Correct the option that it names; `beamline plan`, with the options of the run, asks again/,
        ],
        [new DataflowRefused('no credentials', 'UNAUTHENTICATED'), /application-default login/],
      ];
      for (const [refused, advice] of cases) {
        dataflow.faults.next = refused;
        await assert.rejects(launch(), (error: unknown) => {
          assert.ok(isFailure('LaunchRefused', advice)(error));
          assert.match((error as Error).message, new RegExp(refused.message));
          return (error as ApplicationFailure).nonRetryable === true;
        });
      }
    });

    it('is tried again when the service is not there', async () => {
      dataflow.faults.next = new DataflowUnavailable('UNAVAILABLE: connection refused');
      await assert.rejects(launch(), (error: unknown) => {
        assert.ok(isFailure('DataflowUnavailable', /connection refused.*my-project/)(error));
        return (error as ApplicationFailure).nonRetryable !== true;
      });
    });

    it('sends nothing once it was cancelled', async () => {
      const environment = environmentOf({});
      environment.cancel();
      await assert.rejects(environment.run(activities().launchJob, request), CancelledFailure);
      assert.deepEqual(dataflow.launches, []);
    });

    it('sends nothing once the time of its attempt is over', async () => {
      const slow = createJobActivities({
        root: '',
        objects,
        client: waitingFor(),
        dataflow: async () => {
          await sleep(60);
          return dataflow;
        },
      });
      const environment = environmentOf({ startToCloseTimeoutMs: 50 });
      await assert.rejects(
        environment.run(slow.launchJob, request),
        isFailure('WorkerShutdown', /another one goes on/),
      );
      assert.deepEqual(dataflow.launches, []);
    });

    it('sends nothing after it was paused for longer than its heartbeats may be', async () => {
      const paused = createJobActivities({
        root: '',
        objects,
        client: waitingFor(),
        dataflow: async () => {
          // As a paused process: not even timers run.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120);
          await sleep(0);
          return dataflow;
        },
      });
      const environment = environmentOf({ heartbeatTimeoutMs: 100 });
      await assert.rejects(
        environment.run(paused.launchJob, request),
        isFailure('WorkerShutdown', /without a sign of life/),
      );
      assert.deepEqual(dataflow.launches, []);
    });

    // A process that was paused when it was handed the attempt begins it when it wakes.
    for (const [others, attempt] of [
      ['the next attempt is under way', 2],
      ['the next attempt has done it', null],
    ] as const) {
      it(`sends nothing if ${others}, though this one has only begun`, async () => {
        const late = createJobActivities({
          root: '',
          objects,
          client: waitingFor(attempt),
          dataflow: async () => dataflow,
        });
        await assert.rejects(
          environmentOf({ attempt: 1 }).run(late.launchJob, request),
          isFailure(
            'WorkerShutdown',
            /the server waits for (attempt 2|no attempt), this is attempt 1/,
          ),
        );
        assert.deepEqual(dataflow.launches, []);
      });
    }

    it('refuses a workflow id that is too long for labels', async () => {
      const workflowExecution = { workflowId: 'x'.repeat(401), runId: 'r' };
      await assert.rejects(
        launch({}, { workflowExecution }),
        isFailure('ConfigError', /401 bytes; a job's labels carry at most 400/),
      );
    });
  });

  describe('findJob', () => {
    it('finds the job of a launch, and null while it is not listed', async () => {
      dataflow.faults.hideQueued = true;
      const job = dataflow.add({ jobName, labels });
      assert.equal(await find(), null);
      job.state = 'JOB_STATE_RUNNING';
      assert.deepEqual(await find(), job);
    });
  });

  describe('readJob', () => {
    it('reads a job', async () => {
      const job = dataflow.add({ jobName });
      assert.deepEqual(await read(), job);
    });

    it('says where a job that is gone was looked for', async () => {
      await assert.rejects(
        read(),
        isFailure('JobLost', /job job-1, project my-project, region europe-west1/),
      );
    });

    it('fails loudly on a state that it does not know', async () => {
      dataflow.faults.next = new UnknownJobState('job-1', 'JOB_STATE_ABSORBED');
      await assert.rejects(read(), isFailure('InternalError', /JOB_STATE_ABSORBED/));
    });

    it('is tried again whatever keeps it from seeing the job, and says what', async () => {
      dataflow.faults.next = new DataflowRefused('no', 'PERMISSION_DENIED');
      await assert.rejects(
        read(),
        isFailure('DataflowUnavailable', /PERMISSION_DENIED.*roles\/dataflow\.developer/),
      );
      dataflow.faults.next = new DataflowUnavailable('RESOURCE_EXHAUSTED: quota');
      await assert.rejects(read(), isFailure('DataflowUnavailable', /quota/));
    });

    it('knows that no job has an id that the service calls invalid, unless it looks like one of its own', async () => {
      for (const [jobId, type] of [
        ['forged', 'JobLost'],
        ['2026-11-29_15_04_05-1234567890123456789', 'DataflowUnavailable'],
      ] as const) {
        dataflow.faults.next = new DataflowRefused('bad id', 'INVALID_ARGUMENT');
        const looked = environmentOf().run(activities().readJob, { ...reference, jobId });
        await assert.rejects(looked, isFailure(type, /bad id|no such job/));
      }
    });
  });

  describe('stopJob', () => {
    it('cancels, drains and cancels by force', async () => {
      const job = dataflow.add({ state: 'JOB_STATE_RUNNING' });
      await stop('drain');
      assert.equal(job.state, 'JOB_STATE_DRAINING');
      await stop('cancel');
      assert.equal(job.state, 'JOB_STATE_CANCELLING');
      await stop('force');
      assert.equal(job.state, 'JOB_STATE_CANCELLED');
    });

    it('asked twice, is asked once', async () => {
      const job = dataflow.add({ state: 'JOB_STATE_RUNNING' });
      await stop('cancel');
      await stop('cancel');
      assert.equal(job.state, 'JOB_STATE_CANCELLING');
    });

    it('leaves a job alone that has ended already', async () => {
      const job = dataflow.add({ state: 'JOB_STATE_DONE' });
      for (const how of ['cancel', 'drain', 'force'] as const) await stop(how);
      assert.equal(job.state, 'JOB_STATE_DONE');
    });

    it('does not take a refusal for an end', async () => {
      dataflow.add({ state: 'JOB_STATE_RUNNING' });
      dataflow.faults.next = new DataflowRefused('no', 'PERMISSION_DENIED');
      await assert.rejects(stop('cancel'), isFailure('DataflowUnavailable', /no/));
    });

    it('says where a job that is gone was looked for', async () => {
      await assert.rejects(stop('cancel'), isFailure('JobLost', /job-1/));
    });
  });
});
