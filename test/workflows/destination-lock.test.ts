import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createIsRunOpen, createRequestLock } from '../../src/activities/locks.js';
import type { LockRequest } from '../../src/workflows/contract/activities.js';
import { acquireSignal, lockQuery, releaseSignal } from '../../src/workflows/contract/signals.js';
import { startTemporal } from '../support/stack.js';
import { until } from '../support/until.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const taskQueue = 'locks';
const lockId = 'beamline.lock.t';

describe('the lock of a destination', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let working: Promise<void>;

  before(async () => {
    // The server suggests to continue at 4,096 events; the test does not want to make as many.
    environment = await startTemporal([
      '--dynamic-config-value',
      'limit.historyCount.suggestContinueAsNew=100',
    ]);
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      activities: { isRunOpen: createIsRunOpen(environment) },
      ...(await workflowBundle()),
    });
    working = worker.run();
  });
  after(async () => {
    worker?.shutdown();
    await working;
    await environment?.teardown();
  });
  afterEach(async () => {
    await lock()
      .terminate()
      .catch(() => undefined);
  });

  it('is given at once when it is free, without a signal, and ends when it is given back', async () => {
    assert.equal(await ask('a'), true);
    await lock().signal(releaseSignal, requestOf('a'));
    await lock().result();
    const { events } = await lock().fetchHistory();
    assert.ok(
      events?.every((event) => !event.signalExternalWorkflowExecutionInitiatedEventAttributes),
    );
  });

  it('is given again to a run that asks again', async () => {
    assert.equal(await ask('a'), true);
    assert.equal(await ask('a'), true);
    assert.deepEqual(await lock().query(lockQuery), { holder: requestOf('a'), waiting: [] });
  });

  it('is given to one run at a time, in the order of asking, whichever way they ask', async () => {
    assert.equal(await ask('a'), true);
    assert.equal(await ask('b'), false);
    await lock().signal(acquireSignal, requestOf('c'));
    assert.equal(await ask('b'), false);
    const { holder, waiting } = await lock().query(lockQuery);
    assert.deepEqual([holder?.runKey, ...waiting.map(({ runKey }) => runKey)], ['a', 'b', 'c']);
    await startRun('run-b');
    await lock().signal(releaseSignal, requestOf('a'));
    await until(async () => (await signalsOf('run-b')).includes('lockGranted'));
    assert.equal((await lock().query(lockQuery)).holder?.runKey, 'b');
  });

  it('is one for each of many that ask at once', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `many-${number}`);
    const given = await Promise.all(names.map((name) => ask(name)));
    const { holder, waiting } = await lock().query(lockQuery);
    assert.equal(given.filter(Boolean).length <= 1, true);
    if (given.includes(true)) assert.equal(holder?.runKey, names[given.indexOf(true)]);
    const keys = [holder, ...waiting].map((request) => request?.runKey ?? '');
    assert.equal(new Set(keys).size, keys.length);
  });

  it('is held by nobody who was told so by a lock that had ended', async () => {
    // Each release lets the lock end while the next run asks.
    for (let round = 0; round < 10; round++) {
      const [first, second] = [`first-${round}`, `second-${round}`];
      await ask(first);
      const [given] = await Promise.all([
        ask(second),
        lock().signal(releaseSignal, requestOf(first)),
      ]);
      if (given) assert.equal((await lock().query(lockQuery)).holder?.runKey, second);
      await lock().terminate();
    }
  });

  it('forgets nobody where its long history is continued as new', async () => {
    for (const name of ['run-c', 'run-d', 'run-e']) await startRun(name);
    assert.equal(await ask('c'), true);
    const { runId } = await lock().describe();
    await until(async () => {
      await Promise.all([ask('d'), lock().signal(acquireSignal, requestOf('c')), ask('e')]);
      return (await lock().describe()).runId !== runId;
    });
    const { holder, waiting } = await lock().query(lockQuery);
    assert.equal(holder?.runKey, 'c');
    assert.deepEqual(waiting.map(({ runKey }) => runKey).toSorted(), ['d', 'e']);
    for (const name of ['c', 'd', 'e']) {
      await until(async () => (await signalsOf(`run-${name}`)).includes('lockGranted'));
      await lock().signal(releaseSignal, requestOf(name));
    }
    await lock().result();
  });

  it('is continued as new, too, where a flood of what is no request makes its history long', async () => {
    assert.equal(await ask('a'), true);
    const { runId } = await lock().describe();
    await until(async () => {
      await lock().signal('acquire', null);
      return (await lock().describe()).runId !== runId;
    });
    assert.deepEqual(await lock().query(lockQuery), { holder: requestOf('a'), waiting: [] });
  });

  it('answers by a signal to the code of older runs', async () => {
    await startRun('run-old');
    const asked = createRequestLock(deps())(lockId, 'd', requestOf('old'));
    assert.equal(await asked, false);
    await until(async () => (await signalsOf('run-old')).includes('lockGranted'));
  });

  it('is asked for by a signal where no worker answers', async () => {
    const request = requestOf('a');
    const asked = createRequestLock({ ...deps(), taskQueue: 'nobody' })(
      'beamline.lock.u',
      'u',
      request,
      true,
    );
    assert.equal(await asked, false);
    const { events } = await environment.client.workflow
      .getHandle('beamline.lock.u')
      .fetchHistory();
    const signals = events?.map(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName,
    );
    assert.ok(signals?.includes('acquire'));
  });

  function lock() {
    return environment.client.workflow.getHandle(lockId);
  }

  function deps() {
    return { client: environment.client, taskQueue };
  }

  function ask(name: string): Promise<boolean> {
    return createRequestLock(deps())(lockId, 'd', requestOf(name), true);
  }

  /** A run that nobody works on: its history keeps the signals. */
  async function startRun(workflowId: string): Promise<void> {
    await environment.client.workflow.start('runPipeline', {
      args: [],
      taskQueue: 'nobody',
      workflowId,
    });
  }

  async function signalsOf(workflowId: string): Promise<string[]> {
    const { events } = await environment.client.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? [])
      .map((event) => event.workflowExecutionSignaledEventAttributes?.signalName)
      .filter((name) => typeof name === 'string');
  }
});

function requestOf(name: string): LockRequest {
  return { workflowId: `run-${name}`, runKey: name };
}
