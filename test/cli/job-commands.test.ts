import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { deploymentOf } from '../../src/config/settings/deployment.js';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import type { Ended } from '../../src/orphans/end-jobs.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import type { ReceiptJob } from '../../src/shared/run/job.js';
import { workflowType } from '../../src/shared/names.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
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
import { startDataflowServer, StatusError } from '../support/dataflow-server.js';
import { startTemporal, temporaryRoot } from '../support/stack.js';

const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
const nowhere = '127.0.0.1:1';

const jobOf = (jobId: string): ReceiptJob => ({
  project,
  region,
  job_id: jobId,
  job_name: 'orders-20261125t0304-q4kx7mw2ta-1',
  state: 'JOB_STATE_FAILED',
  url: `https://console/${jobId}`,
  launch: 1,
  failure: {
    cause: 'user_sql',
    message: 'no such column: x',
    retryHelps: false,
    next: 'correct the SQL',
    evidence: [],
    step: 'flights',
  },
});
const receiptOf = (runKey: string, change: Partial<Receipt> = {}): Receipt => ({
  version: 1,
  outcome: 'failed',
  run_key: runKey,
  workflow_id: `wf-${runKey}`,
  run_id: `id-${runKey}`,
  pipeline: 'orders',
  config: 'orders.yaml',
  plan_sha256: 'ab'.repeat(32),
  runner: 'local',
  args: {},
  profiles: null,
  store: { id: 's', host: 'h' },
  started_at: '2026-11-25T03:04:11.000Z',
  finished_at: '2026-11-25T03:08:23.000Z',
  duration_ms: 252_000,
  attempts: 1,
  rows_read: 0,
  rows_staged: 0,
  rows_rejected: 0,
  steps: [],
  sinks: [],
  failure: { type: 'SqlError', message: 'no such column: x', step: 'flights' },
  ...change,
});

describe('commands about jobs', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  after(() => remove());

  async function keep(receipt: Receipt, log?: string): Promise<void> {
    const folder = join(root, '.beamline', 'store', 'runs', receipt.run_key);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'receipt.json'), JSON.stringify(receipt));
    if (log !== undefined) await writeFile(join(folder, 'beam.log'), log);
  }
  async function say(env: NodeJS.ProcessEnv, ...args: string[]) {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [main, ...args], {
      cwd: root,
      reject: false,
      env: { BEAMLINE_COMMAND: '', TEMPORAL_ADDRESS: nowhere, ...env },
    });
    return { exitCode, stdout, stderr, lines: stdout.split('\n') };
  }

  describe('without Temporal', () => {
    it('explain a failed run on Dataflow', async () => {
      const job = jobOf('j1');
      await keep(receiptOf('aaaaaaaaaa', { runner: 'dataflow', job }));
      const { exitCode, lines } = await say({}, 'explain', 'aaaaaaaaaa');
      assert.equal(exitCode, 0);
      assert.deepEqual(lines, [
        `failed after 4 min 12 s in flights → Dataflow job ${job.job_name}`,
        'cause     SQL of the pipeline: no such column: x',
        'retry     will not help until the SQL, or what it names, is changed',
        'next      correct the SQL, or make what it names, then beamline run orders.yaml --runner dataflow',
        'job       failed',
        'console   https://console/j1',
        'Nothing was published. What was staged is removed.',
      ]);
      const { stdout } = await say({}, '--json', 'explain', 'aaaaaaaaaa');
      const document = JSON.parse(stdout) as { cause: string; step: string; type: string };
      assert.equal(document.cause, 'user_sql');
      assert.equal(document.step, 'flights');
      assert.equal(document.type, 'SqlError');
    });

    it('explain a failed local run, from its type and its log', async () => {
      const failure = { type: 'BeamCrashed', message: 'ended by signal SIGKILL' };
      await keep(receiptOf('bbbbbbbbbb', { failure }), 'loading\nKilled\n');
      const { exitCode, stdout } = await say({}, 'explain', 'bbbbbbbbbb');
      assert.equal(exitCode, 0);
      assert.match(stdout, /^cause +ended by signal SIGKILL$/m);
      assert.match(stdout, /Killed/);
      assert.match(stdout, /^next +beamline logs bbbbbbbbbb/m);
    });

    it('explain that a run that succeeded needs no explanation', async () => {
      const { failure: _, ...receipt } = receiptOf('cccccccccc', { outcome: 'succeeded' });
      await keep(receipt);
      const { exitCode, stdout } = await say({}, 'explain', 'cccccccccc');
      assert.equal(exitCode, 0);
      assert.match(stdout, /^run cccccccccc succeeded in/);
    });

    it('say that they need it where they do', async () => {
      for (const command of ['drain', 'orphans', 'explain']) {
        const { exitCode } = await say({}, command, ...(command === 'orphans' ? [] : ['latest']));
        assert.equal(exitCode, 3, command);
      }
    });
  });

  describe('with the Dataflow emulator', () => {
    const folder = temporaryFolder();
    let emulator: Emulator;
    let clients: Clients;
    let environment: TestWorkflowEnvironment;
    const env = (): NodeJS.ProcessEnv => ({
      TEMPORAL_ADDRESS: environment.address,
      DATAFLOW_EMULATOR_HOST: emulator.grpc,
    });
    before(async () => {
      emulator = await startEmulator(quick(folder.path));
      clients = clientsOf(emulator);
      environment = await startTemporal();
      await registerSearchAttributes(environment.connection, 'default');
    });
    after(async () => {
      await environment?.teardown();
      await clients?.close();
      await emulator?.close();
      folder.remove();
    });

    it("show a job's messages of a level, and follow nothing that has ended for ever", async () => {
      const jobId = await launch(clients, 'logs-1', { mode: 'fail' });
      await becomes(clients, jobId, 'FAILED');
      await keep(receiptOf('dddddddddd', { runner: 'dataflow', job: jobOf(jobId) }));
      const errors = await say(env(), 'logs', 'dddddddddd', '--level', 'error');
      assert.equal(errors.exitCode, 0, errors.stderr);
      assert.match(errors.stdout, /Z {2}error {4}.*boom|Z {2}error {4}Traceback/);
      assert.doesNotMatch(errors.stdout, /Z {2}basic/);
      const all = await say(env(), '--json', 'logs', 'dddddddddd', '--level', 'debug');
      const { messages } = JSON.parse(all.stdout) as { messages: unknown[] };
      assert.ok(messages.length > 2);
    });

    it('drain no batch job: they say why and what to do, and send nothing', async () => {
      const jobId = await launch(clients, 'drain-1', { sleep: '60000' });
      await becomes(clients, jobId, 'RUNNING');
      const handle = await environment.client.workflow.start(workflowType, {
        workflowId: 'draining',
        taskQueue: 'drain',
        args: [{ config: 'x.yaml' }],
      });
      const worker = await workerOf(environment, jobOf(jobId));
      const key = runKeyOf(handle.firstExecutionRunId);
      const { exitCode, stderr } = await worker.runUntil(say(env(), 'drain', 'draining'));
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /its job is a batch job, which Dataflow cannot drain/);
      assert.match(stderr, new RegExp(`beamline cancel ${key}`));
      const { events } = await handle.fetchHistory();
      const signals = (events ?? []).filter(
        (event) => event.workflowExecutionSignaledEventAttributes,
      );
      assert.equal(signals.length, 0);
      await handle.terminate('test');
    });

    it('find nothing left behind, as one document', async () => {
      await writeFile(
        join(root, 'beamline.yaml'),
        `project: ${project}\nlaunch:\n  region: ${region}\n`,
      );
      const { exitCode, stdout, stderr } = await say(env(), '--json', 'orphans', '--exit-code');
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), {
        looked: { project, regions: [region], store: null },
        jobs: [],
        unread: [],
        staging: [],
        locks: [],
        stalled: [],
        unread_locks: [],
        done: { jobs: [], removed: [], released: [] },
      });
    });

    it('end what can be ended, say of the rest why not, and exit with 1', async () => {
      await writeFile(
        join(root, 'beamline.yaml'),
        `project: ${project}\nlaunch:\n  region: ${region}\n`,
      );
      const deployment = deploymentOf({ project, namespace: 'default' });
      const jobs = ['j1', 'j2', 'j3'].map((id) => ({
        id,
        name: `orders-${id}-zzzzzzzzzz-1`,
        currentState: 'JOB_STATE_RUNNING',
        labels: labelsOf({ workflowId: 'gone', runKey: 'zzzzzzzzzz', ordinal: 1, deployment }),
      }));
      const server = await startDataflowServer();
      server.handlers['listJobs'] = () => ({ jobs: jobs.map((job) => ({ ...job, labels: {} })) });
      server.handlers['getJob'] = ({ jobId }) => {
        if (jobId === 'j2') throw new StatusError(status.PERMISSION_DENIED, 'may not be seen');
        return jobs.find(({ id }) => id === jobId) ?? {};
      };
      server.handlers['updateJob'] = ({ jobId }) => {
        if (jobId === 'j1') throw new StatusError(status.PERMISSION_DENIED, 'may not be ended');
        return {};
      };
      try {
        const there = { ...env(), DATAFLOW_EMULATOR_HOST: server.address };
        const command = ['orphans', '--cancel', '--unknown', '--clean', '--exit-code'];
        const { exitCode, stdout, stderr } = await say(there, ...command);
        assert.equal(exitCode, 1, stderr);
        assert.match(stdout, /j1 in .*could not be ended: .*may not be ended/);
        assert.match(stdout, /j2 in .*cannot be read: .*may not be seen/);
        assert.match(stdout, /j3 in .*asked to cancel/);
        const json = await say(there, '--json', ...command);
        const { done } = JSON.parse(json.stdout) as { done: { jobs: Ended[] } };
        assert.equal(json.exitCode, 1);
        assert.deepEqual(
          done.jobs.map(({ job_id, asked, failed, reason }) => [job_id, asked, failed, reason]),
          [
            ['j1', null, true, 'may not be ended'],
            ['j3', 'cancel', undefined, undefined],
            ['j2', null, true, 'may not be seen'],
          ],
        );
      } finally {
        server.close();
      }
    });
  });
});

/** A worker whose run answers that it has this job. */
async function workerOf(environment: TestWorkflowEnvironment, job: ReceiptJob): Promise<Worker> {
  const status = {
    state: 'running',
    pipeline: 'orders',
    run_key: null,
    store: null,
    runner: 'dataflow',
    job: { ...job, state: 'JOB_STATE_RUNNING' },
    waiting_for: [],
    sinks: [],
  };
  const folder = temporaryFolder();
  const file = join(folder.path, 'workflows.js');
  await writeFile(
    file,
    `const { condition, defineQuery, setHandler } = require('@temporalio/workflow');
exports.runPipeline = async () => {
  setHandler(defineQuery('status'), () => (${JSON.stringify(status)}));
  await condition(() => false);
};`,
  );
  try {
    return await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'drain',
      workflowsPath: file,
      bundlerOptions: {
        webpackConfigHook: (config) => ({
          ...config,
          resolve: { ...config.resolve, modules: [join(packageRoot, 'node_modules')] },
        }),
      },
    });
  } finally {
    folder.remove();
  }
}
