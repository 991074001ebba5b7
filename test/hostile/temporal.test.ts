import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, type Payload } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createIsRunOpen, createRequestLock } from '../../src/activities/locks.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import type { RunReference } from '../../src/workflows/contract/activities.js';
import { createFakeActivities } from '../support/fake-activities.js';
import { startTemporal } from '../support/stack.js';
import { until } from '../support/until.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { huge, json, payloads } from './payloads.js';

const taskQueue = 'hostile';
const lockId = 'beamline.lock.t';
const right = { config: 'orders.yaml' };

describe("Beamline's workflows, whatever is sent to them", function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let working: Promise<void>;
  let holdBeam: Promise<void> | null = null;
  let beams = 0;
  let count = 0;

  before(async () => {
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
    const { client } = environment;
    const fakes = createFakeActivities({ client: client.workflow, taskQueue, knownLocks: true });
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      activities: {
        ...fakes.activities,
        isRunOpen: createIsRunOpen(environment),
        requestLock: createRequestLock({ client, taskQueue }),
        runBeam: async (run: RunReference) => {
          beams += 1;
          await holdBeam;
          return fakes.activities.runBeam(run);
        },
      },
      ...(await workflowBundle()),
    });
    working = worker.run();
  });
  after(async () => {
    worker?.shutdown();
    await working;
    await environment?.teardown();
  });

  const prepared = { runKey: '../../../etc', planSha256: 'passwd', store: {}, sinks: [] };
  const inputs: Record<string, Payload[]> = {
    'no input': [],
    'a null input': [json(null)],
    'an input of no bytes': [payloads.none],
    'a text as input': [json('orders.yaml')],
    'a list as input': [json([right])],
    'a number as input': [json(7)],
    'an input of an unknown encoding': [payloads.strange],
    'an input that is broken JSON': [payloads.broken],
    'an input without any encoding': [payloads.noMetadata],
    'an input of lists in lists': [payloads.deep],
    'an argument of lists in lists': [
      {
        ...payloads.deep,
        data: Buffer.from(`{"config":"a","args":{"a":${String(payloads.deep.data)}}}`),
      },
    ],
    'an input of 900 kB': [json({ ...right, args: { a: huge } })],
    'a store whose name has 900 kB': [json({ ...right, store: huge })],
    'a store that is an object': [json({ ...right, store: {} })],
    'a store that is a path': [json({ ...right, store: '../../etc' })],
    'a state that no run has left': [json(right), json({ prepared })],
    'a state that is a text': [json(right), json('x')],
    'a state of an unknown encoding': [json(right), json({}), payloads.strange],
  };
  for (const [what, args] of Object.entries(inputs)) {
    it(`ends a run at once, with a reason, that is started with ${what}`, async () => {
      await assertRefused(await start('runPipeline', args));
    });
  }
  it('goes on with the runs that are right, beside all of these', () => assertRunsGoOn());

  const reapInputs: Record<string, Payload[]> = {
    'a null input': [json(null)],
    'a text': [json('x')],
    'jobs that are to be killed': [json({ jobs: 'kill' })],
    'a clean that is no truth': [json({ clean: 'yes' })],
    'regions that are a text': [json({ regions: 'europe' })],
    'regions that are paths': [json({ regions: ['../x'] })],
    '10,000 regions': [json({ regions: Array.from({ length: 10_000 }, () => 'r') })],
  };
  for (const [what, args] of Object.entries(reapInputs)) {
    it(`ends reapOrphans at once, with a reason, that is started with ${what}`, async () => {
      await assertRefused(await start('reapOrphans', args));
    });
  }

  const event = { jobId: 'job-1', runKey: 'aaaaaaaaaa', ordinal: 1, state: 'JOB_STATE_DONE' };
  const runSignals: [what: string, signal: string, args: Payload[]][] = [
    ['an event without an argument', 'jobStateChanged', []],
    ['a null event', 'jobStateChanged', [json(null)]],
    ['an event of an unknown encoding', 'jobStateChanged', [payloads.strange]],
    ['a broken event', 'jobStateChanged', [payloads.broken]],
    ['an event of lists in lists', 'jobStateChanged', [payloads.deep]],
    ['an event whose job id has 900 kB', 'jobStateChanged', [json({ ...event, jobId: huge })]],
    ['an event whose run key has 900 kB', 'jobStateChanged', [json({ ...event, runKey: huge })]],
    ['an event of an unheard-of launch', 'jobStateChanged', [json({ ...event, ordinal: 1e300 })]],
    ['a grant without an argument', 'lockGranted', []],
    ['a grant of 900 kB', 'lockGranted', [json(huge), json(huge)]],
    ['a grant of an unknown encoding', 'lockGranted', [payloads.strange, payloads.strange]],
    ['a drain with an argument', 'drainJob', [json(huge)]],
    ['a signal that nobody knows', 'nonsense', [payloads.strange]],
  ];
  it('a run takes no notice of what is no signal', async () => {
    let go: (() => void) | undefined;
    holdBeam = new Promise((resolve) => (go = resolve));
    const before = beams;
    const run = await startRun();
    await until(() => beams > before);
    for (const [what, signal, args] of runSignals) {
      await signalTo(run.workflowId, signal, args);
      // A query is answered by the workflow as it is after the signal.
      assert.ok(await run.query('status'), what);
    }
    holdBeam = null;
    go?.();
    const receipt = await run.result();
    assert.equal(receipt.outcome, 'succeeded');
    assert.deepEqual(receipt.notes, [
      'a signal jobStateChanged was ignored: it did not have the form of an event',
    ]);
    await assertRunsGoOn();
  });

  const requests: Record<string, Payload[]> = {
    nothing: [],
    null: [json(null)],
    'a text': [json('x')],
    'an empty object': [json({})],
    'a run key that is a number': [json({ workflowId: 'w', runKey: 7 })],
    'an empty workflow id': [json({ workflowId: '', runKey: 'a' })],
    'a workflow id of 900 kB': [json({ workflowId: huge, runKey: 'a' })],
    'a run key of 900 kB': [json({ workflowId: 'w', runKey: huge })],
    'a run that is not there': [json({ workflowId: 'nobody', runKey: 'aaaaaaaaaa' })],
    'an unknown encoding': [payloads.strange],
    'lists in lists': [payloads.deep],
  };
  for (const [what, args] of Object.entries(requests)) {
    it(`a destination stays free although it is asked for by ${what}`, async () => {
      await client().signalWithStart('destinationLock', {
        workflowId: lockId,
        taskQueue,
        args: ['d'],
        signal: 'release',
        signalArgs: [{ workflowId: 'w', runKey: 'other' }],
      });
      for (const signal of ['acquire', 'release']) {
        await signalTo(lockId, signal, args).catch(ignoreEnded);
      }
      await assertRunsGoOn();
    });
  }

  const locks: Record<string, Payload[]> = {
    'no destination': [],
    'a null destination': [json(null)],
    'a destination of 900 kB': [json(huge)],
    'a state that is null': [json('d'), json(null)],
    'a state that is none': [json('d'), json({ holder: 7, waiting: 'x', regrants: {} })],
    'a holder that is none': [json('d'), json({ holder: {}, waiting: [null, 7, { runKey: 'a' }] })],
  };
  for (const [what, args] of Object.entries(locks)) {
    it(`a destination stays free although its lock is started with ${what}`, async () => {
      await start('destinationLock', args, lockId);
      await assertRunsGoOn();
    });
  }

  it('refuses an update that is no request, and grants the next', async () => {
    let go: (() => void) | undefined;
    holdBeam = new Promise((resolve) => (go = resolve));
    const run = await startRun();
    const lock = client().getHandle(lockId);
    await until(() => lock.query('lock').then(Boolean, () => false));
    for (const args of [[], [null], [{}], ['x']]) {
      await assert.rejects(lock.executeUpdate('take', { args: args as [] }));
    }
    holdBeam = null;
    go?.();
    assert.equal((await run.result()).outcome, 'succeeded');
    await assertRunsGoOn();
  });

  it('records a failure of 3 MB in some kilobytes, and ends with it', async () => {
    const failing = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'huge-failure',
      activities: {
        prepare: () => {
          const text = huge.repeat(3);
          throw ApplicationFailure.create({
            type: 'ConfigError',
            message: text,
            nonRetryable: true,
            details: [{ cause: text }],
            cause: new Error(text),
          });
        },
      },
      ...(await workflowBundle()),
    });
    await failing.runUntil(async () => {
      const run = await startRun('huge-failure');
      await assertRefused(run);
      const { events } = await run.fetchHistory();
      assert.ok(JSON.stringify(events).length < 500_000);
    });
  });

  function client() {
    return environment.client.workflow;
  }

  function startRun(queue = taskQueue) {
    return client().start<(input: object) => Promise<Receipt>>('runPipeline', {
      taskQueue: queue,
      workflowId: `right-${++count}`,
      args: [right],
    });
  }

  /** Nothing of what was sent stands in the way of a run of the same destination. */
  async function assertRunsGoOn(): Promise<void> {
    assert.equal((await (await startRun()).result()).outcome, 'succeeded');
  }

  async function start(type: string, args: Payload[], workflowId = `hostile-${++count}`) {
    const { namespace } = environment.client.options;
    const { runId } = await environment.client.workflowService.startWorkflowExecution({
      namespace,
      workflowId,
      workflowType: { name: type },
      taskQueue: { name: taskQueue },
      input: { payloads: args },
      requestId: `request-${++count}`,
    });
    return client().getHandle(workflowId, runId);
  }

  async function signalTo(workflowId: string, signalName: string, args: Payload[]) {
    const { namespace } = environment.client.options;
    await environment.client.workflowService.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
      signalName,
      input: { payloads: args },
    });
  }
});

/** A lock that nobody wants ends at once. */
function ignoreEnded(error: { code?: number }): void {
  if (error.code !== 5) throw error;
}

async function assertRefused(run: { result(): Promise<unknown> }): Promise<void> {
  const error: unknown = await run.result().then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
  assert.equal(error.cause.type, 'ConfigError');
  assert.ok(error.cause.message.length < 10_000, 'it quotes nothing of what was sent');
}
