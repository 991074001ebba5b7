import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { heartbeating } from '../../src/activities/attempt/heartbeating.js';
import { createReap } from '../../src/activities/reap.js';
import { deploymentOf } from '../../src/config/settings/deployment.js';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import { createReaper, type Reaper } from '../../src/orphans/reaper.js';
import { searchAttributes } from '../../src/shared/run/contract.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import { workflowType } from '../../src/shared/names.js';
import type { Reaped, ReapInput } from '../../src/shared/run/reap.js';
import { runKeyOf } from '../../src/store/run-key.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import {
  becomes,
  clientsOf,
  launch,
  project,
  quick,
  region,
  temporaryFolder,
  type Clients,
} from '../emulator/support.js';
import { startTemporal, temporaryRoot } from '../support/stack.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { until } from '../support/until.js';

describe('orphans, with the Dataflow emulator and a real Temporal', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const taskQueue = 'orphans';
  let emulator: Emulator;
  let clients: Clients;
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let stopped: Promise<void>;
  let reaper: Reaper;
  let root: string;
  let remove: () => Promise<void>;
  const hostBefore = process.env['DATAFLOW_EMULATOR_HOST'];

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    emulator = await startEmulator(quick(folder.path));
    clients = clientsOf(emulator);
    process.env['DATAFLOW_EMULATOR_HOST'] = emulator.grpc;
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
    const code = await workflowBundle();
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      ...code,
      activities: {
        isRunOpen: async () => true,
        reap: heartbeating(
          createReap({
            root,
            store: { id: 's', host: 'h', root: join(root, 'store') },
            client: environment.client,
            namespace: 'default',
          }),
        ),
      },
    });
    stopped = worker.run();
    await writeFile(
      join(root, 'beamline.yaml'),
      `project: ${project}\nlaunch:\n  region: ${region}\n`,
    );
    reaper = createReaper({
      root,
      localStore: join(root, 'store'),
      client: environment.client,
      namespace: 'default',
    });
  });
  after(async () => {
    await reaper?.close();
    worker?.shutdown();
    await stopped;
    await environment?.teardown();
    await clients?.close();
    await emulator?.close();
    if (hostBefore === undefined) delete process.env['DATAFLOW_EMULATOR_HOST'];
    else process.env['DATAFLOW_EMULATOR_HOST'] = hostBefore;
    folder.remove();
    await remove();
  });

  /** A run that nobody works on: it stays open until it is ended. */
  async function startRun(workflowId: string) {
    const handle = await environment.client.workflow.start(workflowType, {
      workflowId,
      taskQueue: 'nobody',
      args: [{ config: 'x.yaml' }],
    });
    return { handle, workflowId, runKey: runKeyOf(handle.firstExecutionRunId) };
  }
  async function launchFor(
    run: { workflowId: string; runKey: string },
    deployment = deploymentOf({ project, namespace: 'default' }),
  ): Promise<string> {
    const { workflowId, runKey } = run;
    const labels = labelsOf({ workflowId, runKey, ordinal: 1, deployment });
    const environment = { additionalUserLabels: labels };
    const name = `orders-${workflowId.toLowerCase()}-${runKey}-1`;
    const jobId = await launch(clients, name, { sleep: '60000' }, { environment });
    await becomes(clients, jobId, 'RUNNING');
    return jobId;
  }
  function reap(workflowId: string, input?: ReapInput): Promise<Reaped> {
    return environment.client.workflow.execute('reapOrphans', {
      workflowId,
      taskQueue,
      args: input === undefined ? [] : [input],
    });
  }
  const jobIds = async (): Promise<string[]> => (await reaper.find()).jobs.map((job) => job.job_id);

  it('runs as a workflow, which ends and removes only what it is told to', async () => {
    const gone = await startRun('Reaped');
    const jobId = await launchFor(gone);
    await gone.handle.terminate('test');
    const looked = await reap('look');
    assert.deepEqual([looked.jobs, looked.asked], [[jobId], []]);
    await becomes(clients, jobId, 'RUNNING');
    const reaped = await reap('reap', { jobs: 'cancel', clean: true });
    assert.deepEqual([reaped.jobs, reaped.asked, reaped.failed], [[jobId], [jobId], []]);
    await becomes(clients, jobId, 'CANCELLED');
  });

  it('does not cancel the job of a run that this Temporal does not know', async () => {
    const jobId = await launchFor({ workflowId: 'Elsewhere', runKey: 'zzzzzzzzzz' });
    const orphans = await reaper.find();
    assert.deepEqual(
      orphans.jobs.map(({ job_id, run }) => [job_id, run]),
      [[jobId, 'unknown']],
    );
    assert.equal((await reaper.endJobs(orphans, 'cancel'))[0]?.asked, null);
    await becomes(clients, jobId, 'RUNNING');
    await reaper.endJobs(orphans, 'cancel', { evenUnknown: true });
    await becomes(clients, jobId, 'CANCELLED');
  });

  it('finds the job of a terminated run only, and cancels it, twice without harm', async () => {
    const [open, gone, theirs] = await Promise.all(['Open', 'Gone', 'Theirs'].map(startRun));
    assert.ok(open && gone && theirs);
    const [openJob, goneJob, theirJob] = [
      await launchFor(open),
      await launchFor(gone),
      await launchFor(theirs, 'otherhouse'),
    ];
    assert.deepEqual(await jobIds(), []);
    await gone.handle.terminate('test');
    await theirs.handle.terminate('test');
    const orphans = await reaper.find();
    assert.deepEqual(
      orphans.jobs.map(({ runner, job_id, workflow_id, type }) => [
        runner,
        job_id,
        workflow_id,
        type,
      ]),
      [['dataflow', goneJob, 'Gone', 'batch']],
    );
    assert.match((await reaper.endJobs(orphans, 'drain'))[0]?.reason ?? '', /batch/);
    assert.equal((await reaper.endJobs(orphans, 'cancel'))[0]?.asked, 'cancel');
    await reaper.endJobs(await reaper.find(), 'cancel');
    await becomes(clients, goneJob, 'CANCELLED');
    assert.deepEqual(await jobIds(), []);
    await becomes(clients, openJob, 'RUNNING');
    await becomes(clients, theirJob, 'RUNNING');
    await open.handle.terminate('test');
  });

  it('removes local staging of a run that has ended, twice without harm', async () => {
    const runKey = 'aaaaaaaaaa';
    const handle = await environment.client.workflow.start(workflowType, {
      workflowId: 'Staged',
      taskQueue: 'nobody',
      args: [{ config: 'x.yaml' }],
      typedSearchAttributes: [{ key: searchAttributes.runKey, value: runKey }],
    });
    const staging = join(root, 'store', 'staging', runKey);
    await mkdir(staging, { recursive: true });
    const long = new Date(Date.now() - 7_200_000);
    await utimes(staging, long, long);
    const found = async () => (await reaper.find()).staging;
    await until(async () => (await found()).length === 0, 'the list of workflows knows the run');
    await handle.terminate('test');
    await until(async () => (await found())[0]?.run === 'closed', 'the list knows its end');
    const orphans = await reaper.find();
    assert.deepEqual((await reaper.clean(orphans)).staging.length, 1);
    await reaper.clean(orphans);
    assert.ok(!existsSync(staging));
    assert.deepEqual(await found(), []);
  });

  it('gives back the lock of a terminated run, and leaves staging alone that nobody knows', async () => {
    const gone = await startRun('Holder');
    const { workflowId, runKey } = gone;
    const lockId = 'beamline.lock.test';
    const lock = await environment.client.workflow.signalWithStart('destinationLock', {
      workflowId: lockId,
      taskQueue,
      args: ['duckdb:x'],
      signal: 'acquire',
      signalArgs: [{ workflowId, runKey }],
    });
    const staging = join(root, 'store', 'staging', runKey);
    await mkdir(staging, { recursive: true });
    const long = new Date(Date.now() - 7_200_000);
    await utimes(staging, long, long);
    await until(async () => (await lock.query<{ holder: unknown }>('lock')).holder !== null);
    assert.deepEqual((await reaper.find()).locks, []);

    await gone.handle.terminate('test');
    await until(async () => (await reaper.find()).locks.length === 1, 'the lock is an orphan');
    const orphans = await reaper.find();
    assert.deepEqual(orphans.locks[0]?.holder, { workflowId, runKey });
    // Its worker never came, so that nothing can say which run it was: it is left alone.
    assert.deepEqual(
      orphans.staging.map(({ run_key, run }) => [run_key, run]),
      [[runKey, 'unknown']],
    );
    await reaper.clean(orphans);
    await reaper.clean(orphans);
    await lock.result();
    assert.deepEqual((await reaper.find()).locks, []);
    await rm(staging, { recursive: true });
  });
});
