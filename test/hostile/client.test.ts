import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Payload } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { dataConverter } from '../../src/client/server/data-converter.js';
import { waitsOf } from '../../src/client/look/waits.js';
import { findOrphanLocks } from '../../src/orphans/find-locks.js';
import type { UnreadLock } from '../../src/orphans/orphan.js';
import { createRuns } from '../../src/orphans/temporal-runs.js';
import { lockWorkflowPrefix } from '../../src/shared/names.js';
import { storePaths } from '../../src/store/local-store.js';
import { destinationHash, runKeyOf } from '../../src/store/run-key.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import { receipt } from '../support/receipt.js';
import { projectRoot, startTemporal, temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';
import { huge, json, payloads } from './payloads.js';

const taskQueue = 'strangers';
const text = (value: string): Payload => ({
  metadata: { encoding: Buffer.from('json/plain'), type: Buffer.from('Keyword') },
  data: Buffer.from(JSON.stringify(value)),
});

/** A run of our type that somebody else started, and what its workflow gives back. */
interface Stranger {
  result?: unknown;
  memo?: Record<string, Payload>;
  attributes?: Record<string, Payload>;
  /** Text of the receipt in the local store. */
  stored?: string;
}

describe('the command line, whatever other people have started', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  let root: string;
  let remove: () => Promise<void>;

  const strangers: Record<string, Stranger> = {
    'result-none': {},
    'result-null': { result: null },
    'result-text': { result: 'finished' },
    'result-list': { result: [receipt] },
    'result-lacks-sinks': { result: { ...receipt, sinks: undefined } },
    'result-wrong-sinks': { result: { ...receipt, sinks: [null, 7] } },
    'result-wrong-rows': {
      result: { ...receipt, sinks: [{ name: 'a', destination: 'd', state: 's', rows: 'x' }] },
    },
    'result-huge': { result: huge },
    'memo-strange': { memo: { note: payloads.strange }, result: receipt },
    'memo-broken': { memo: { note: payloads.broken }, result: receipt },
    'memo-deep': { memo: { note: payloads.deep }, result: receipt },
    'memo-huge': { memo: { note: json(huge) }, result: receipt },
    'key-is-a-path': { attributes: { BeamlineRunKey: text('../../../etc') }, result: receipt },
    'key-has-quotes': { attributes: { BeamlineRunKey: text("' OR ''='") }, result: receipt },
    'state-unknown': { attributes: { BeamlineState: text('\u001b[2Jgone') }, result: receipt },
    'stored-empty': { stored: '', result: receipt },
    'stored-cut': { stored: '{"version": 1, "outc', result: receipt },
    'stored-null': { stored: 'null', result: receipt },
  };

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
    const worker = await strangeWorker();
    await worker.runUntil(async () => {
      for (const [workflowId, stranger] of Object.entries(strangers)) {
        const runId = await start(workflowId, 'runPipeline', stranger);
        await environment.client.workflow.getHandle(workflowId, runId).result();
        if (stranger.stored !== undefined) {
          const store = { root: join(root, '.beamline', 'store') };
          const file = storePaths.receipt(store, runKeyOf(runId));
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, stranger.stored);
        }
      }
    });
    await start('right', 'runPipeline', { result: null });
    await until(async () => {
      const { count } = await environment.client.workflow.count();
      return count === Object.keys(strangers).length + 1;
    });
  });
  after(async () => {
    await environment?.teardown();
    await remove?.();
  });

  it('lists every run, and says which cannot be read', async () => {
    const { stdout, stderr, exitCode } = await beamline('list', '--json');
    assert.equal(exitCode, 0, stderr);
    const { runs } = JSON.parse(stdout) as {
      runs: { workflow_id: string; run_key: string; state: string; unreadable?: string }[];
    };
    assert.deepEqual(
      runs.map(({ workflow_id }) => workflow_id).toSorted(),
      [...Object.keys(strangers), 'right'].toSorted(),
    );
    for (const { run_key, workflow_id, unreadable } of runs) {
      assert.match(run_key, /^[a-z2-7]{10}$/);
      assert.equal(unreadable !== undefined, workflow_id.startsWith('result-'), workflow_id);
    }
    assert.equal(runs.find(({ workflow_id }) => workflow_id === 'right')?.state, 'preparing');
    const shown = await beamline('list');
    assert.equal(shown.exitCode, 0, shown.stderr);
    assert.equal(shown.stdout.split('\n').length, runs.length + 1);
    assert.ok(!shown.stdout.includes('\u001b[2J'));
  });

  it('shows each of them, or says in a sentence what is wrong with it', async () => {
    const { Beamline } = await import('../../src/client/index.js');
    const client = await Beamline.connect({ root, address: environment.address });
    try {
      for (const workflowId of [...Object.keys(strangers), 'right']) {
        const run = await client.get(workflowId);
        const snapshot = await run.status();
        assert.equal(snapshot.workflow_id, workflowId);
        if (snapshot.closed_at === null) continue;
        const found = await client.receiptOf(snapshot);
        const isReceipt = !workflowId.startsWith('result-');
        assert.equal(found?.run_key ?? null, isReceipt ? receipt.run_key : null, workflowId);
      }
    } finally {
      await client.close();
    }
  });

  it('explains one that cannot be read without a trace of the stack', async () => {
    const said = await beamline('explain', 'result-wrong-sinks');
    assert.notEqual(said.exitCode, 0);
    assert.match(said.stderr, /has no receipt: it ended with something that is no receipt/);
    assert.doesNotMatch(said.stderr, /at .*\.js:\d+/);
  });

  it('finds a lock that does not say who holds it, beside those that do', async () => {
    const worker = await strangeWorker();
    const gone = { workflowId: 'gone', runKey: 'aaaaaaaaaa' };
    await worker.runUntil(async () => {
      await start('beamline.lock.held', 'destinationLock', {
        result: { holder: gone, waiting: [] },
      });
      await start('beamline.lock.mad', 'destinationLock', { result: { holder: {}, waiting: [] } });
      await start('beamline.lock.text', 'destinationLock', { result: 'x' });
      await start('beamline.lock.other', 'somethingElse', { result: null });
      const query = "WorkflowId STARTS_WITH 'beamline.lock.'";
      await until(async () => (await environment.client.workflow.count(query)).count === 4);
      const unread: UnreadLock[] = [];
      const runs = createRuns(environment.client);
      const { locks: found } = await findOrphanLocks(runs, (lock) => void unread.push(lock));
      assert.deepEqual(found, [{ lock_id: 'beamline.lock.held', holder: gone, waiting: 0 }]);
      assert.deepEqual(unread.map(({ lock_id, reason }) => `${lock_id}: ${reason}`).toSorted(), [
        'beamline.lock.mad: its holder is none',
        'beamline.lock.other: it is a workflow of another type',
        'beamline.lock.text: it answers, but not as a lock does',
      ]);
    });
  });

  const status = {
    state: 'preparing',
    pipeline: 'orders',
    run_key: receipt.run_key,
    store: 's1',
    host: 'h',
    needs_host: false,
    runner: 'local',
    job: null,
    waiting_for: ['a', 'b', 'c', 'd', 'e', 'right'],
    sinks: [],
  };

  it('tells who holds what a run waits for, whoever bears the name of a lock', async () => {
    const { client } = environment;
    const holder = { workflowId: 'mad', runKey: receipt.run_key };
    const locks = [
      'x',
      {},
      { holder: {} },
      { holder: 'mad' },
      { holder: { ...holder, runKey: 7 } },
    ];
    await (
      await strangeWorker()
    ).runUntil(async () => {
      for (const [index, answer] of [...locks, { holder }].entries()) {
        const hash = destinationHash(status.waiting_for[index] ?? '');
        await start(`${lockWorkflowPrefix}${hash}`, 'destinationLock', { result: answer });
      }
      await start('waits', 'destinationLock', { result: status });
      await start('mad', 'destinationLock', {
        result: { needs_host: true, host: 'h', store: 's1' },
      });
      await until(async () => (await waitsOf(client, 'waits')).held_by.length > 0);
      assert.deepEqual(await waitsOf(client, 'waits'), {
        absent_host: null,
        held_by: [
          { destination: 'right', run_key: holder.runKey, workflow_id: 'mad', absent_host: null },
        ],
      });
    });
  });

  it('tells of what answers, but not as a run does, that it waits for nothing', async () => {
    const answers = [
      'x',
      { waiting_for: 7 },
      { ...status, waiting_for: [7] },
      { ...status, waiting_for: [], needs_host: true, host: { name: 'h' } },
      { ...status, waiting_for: [], needs_host: true, store: ['s1'] },
    ];
    await (
      await strangeWorker()
    ).runUntil(async () => {
      for (const [index, answer] of answers.entries()) {
        const id = `answers-${index}`;
        await start(id, 'destinationLock', { result: answer });
        await environment.client.workflow.getHandle(id).query('status');
        const waits = await waitsOf(environment.client, id);
        assert.deepEqual(waits, { absent_host: null, held_by: [] }, id);
      }
    });
  });

  function strangeWorker(): Promise<Worker> {
    return Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      dataConverter,
      workflowsPath: fileURLToPath(new URL('strange-workflows.js', import.meta.url)),
    });
  }

  function beamline(...args: string[]) {
    return execa(process.execPath, [join(projectRoot, 'dist/src/cli/main.js'), ...args], {
      cwd: root,
      reject: false,
      env: { TEMPORAL_ADDRESS: environment.address },
    });
  }

  async function start(workflowId: string, type: string, stranger: Stranger): Promise<string> {
    const { memo, attributes, result } = stranger;
    const { runId } = await environment.client.workflowService.startWorkflowExecution({
      namespace: environment.client.options.namespace,
      workflowId,
      workflowType: { name: type },
      taskQueue: { name: taskQueue },
      input: { payloads: result === undefined ? [] : [json(result)] },
      requestId: workflowId,
      ...(memo === undefined ? {} : { memo: { fields: memo } }),
      ...(attributes === undefined ? {} : { searchAttributes: { indexedFields: attributes } }),
    });
    return runId;
  }
});
