import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { createRequestLock } from '../../src/activities/locks.js';
import { failure } from '../../src/shared/failures.js';
import { runKeyOf } from '../../src/store/run-key.js';
import { releaseSignal } from '../../src/workflows/contract/signals.js';
import type {
  LockRequest,
  PreparedSink,
  UnfinishedRun,
} from '../../src/workflows/contract/activities.js';
import { failing, preparedSink } from '../../test/support/fake-activities.js';
import type { FakeDataflow } from '../../test/support/fake-job.js';
import { windows } from '../../test/support/run-windows.js';
import { untilClosed, type Overrides, type Scenario, type World } from './recorder.js';

const staged = async () => ({ manifestUri: '/m', manifestSha256: 'b'.repeat(64), attempt: 1 });

const earlier: UnfinishedRun = {
  runKey: 'earlierrun',
  planSha256: 'e'.repeat(64),
  staged: { manifestUri: '/earlier', manifestSha256: 'f'.repeat(64), attempt: 1 },
  sinks: ['lake'],
};

/** Scenarios by name: the name of the file that each leaves, without its ending. */
export const scenarios: Record<string, Scenario> = {
  succeeded: { revision: null },
  retried: { revision: null, overrides: { runBeam: failing('ConnectionLost', 2, staged) } },
  failed: { revision: null, overrides: { runBeam: failing('SqlError', 1, staged) } },
  'publish-failed': {
    revision: null,
    overrides: {
      publish: async () => {
        throw failure('DataError', 'a column is missing');
      },
    },
  },
  'version-taken': {
    revision: null,
    overrides: {
      publish: failing('VersionTaken', 1, async () => ({ version: 2, rows: 7, bytes: 1 })),
    },
  },
  cancelled: {
    revision: null,
    overrides: { runBeam: untilCancelled },
    async drive(run) {
      while ((await run.describe()).historyLength < 20) await pause();
      await run.cancel();
      return untilClosed(run);
    },
  },
  reset: {
    revision: null,
    async drive(run, world) {
      await run.result();
      return untilClosed(await reset(run, world, 2));
    },
  },
  dataflow: { revision: null, isJob: true, drive: runThenDone },
  'dataflow-revision-1': { revision: 1, isJob: true, drive: runThenDone },
  'dataflow-cancelled': {
    revision: null,
    isJob: true,
    async drive(run, { dataflow }) {
      dataflow.onStop = (job) => dataflow.move('JOB_STATE_CANCELLED', job);
      await launched(dataflow);
      await run.cancel();
      return untilClosed(run);
    },
  },
  'dataflow-relaunched': {
    revision: null,
    isJob: true,
    async drive(run, { dataflow }) {
      dataflow.report.failure = {
        cause: 'out_of_memory',
        message: 'a worker ran out of memory',
        retryHelps: true,
        next: 'take larger machines',
        evidence: [],
      };
      dataflow.onLaunch = (job) =>
        dataflow.move(dataflow.launches === 1 ? 'JOB_STATE_FAILED' : 'JOB_STATE_DONE', job);
      return untilClosed(run);
    },
  },
  windows: {
    revision: 1,
    prepared: { incremental: ['orders'], sinks: sinksOf('windows', { windowed: true }) },
    overrides: {
      resolveWindows: async () => ({ windows, notes: ['a first load'], unfinished: null }),
    },
  },
  'windows-repeated': {
    revision: 1,
    input: { windows },
    prepared: { incremental: ['orders'], sinks: sinksOf('windows-repeated', { windowed: true }) },
  },
  'partly-published': {
    revision: 1,
    prepared: { sinks: [...sinksOf('partly-1'), lakeOf('partly-2')] },
    overrides: publishOf('partly', 'lake'),
  },
  'cancelled-publishing': {
    revision: 1,
    prepared: { sinks: [...sinksOf('cancelled-publishing-1'), lakeOf('cancelled-publishing-2')] },
    overrides: publishOf('untilCancelled', 'lake'),
    async drive(run) {
      while (!(await stateOf(run)).includes('publishing')) await pause();
      await pause(1000);
      await run.cancel();
      return untilClosed(run);
    },
  },
  completion: {
    revision: 1,
    prepared: { sinks: [...sinksOf('completion-1'), lakeOf('completion-2')], completes: earlier },
  },
  'finishes-earlier': {
    revision: 1,
    prepared: {
      incremental: ['orders'],
      sinks: [
        ...sinksOf('finishes-earlier-1', { windowed: true }),
        lakeOf('finishes-earlier-2', { windowed: true }),
      ],
    },
    overrides: finishing(earlier),
  },
  'earlier-fenced': {
    revision: 1,
    prepared: {
      incremental: ['orders'],
      sinks: [
        ...sinksOf('earlier-fenced-1', { windowed: true }),
        lakeOf('earlier-fenced-2', { windowed: true }),
      ],
    },
    overrides: { ...finishing(earlier), ...publishOf('partly', 'lake') },
  },
  deadline: {
    revision: 1,
    prepared: { timeoutMs: 2000 },
    overrides: { runBeam: untilCancelled },
  },
  'dataflow-reset': {
    revision: 1,
    isJob: true,
    async drive(run, world) {
      await launched(world.dataflow);
      const again = await reset(run, world, 3);
      await pause(1000);
      await world.dataflow.move('JOB_STATE_DONE');
      return untilClosed(again);
    },
  },
  'dataflow-drained': {
    revision: 1,
    isJob: true,
    async drive(run, { dataflow }) {
      await launched(dataflow);
      dataflow.last.view.type = 'streaming';
      await run.signal('drainJob');
      while (dataflow.stops.length === 0) await pause();
      await dataflow.move('JOB_STATE_DRAINED');
      return untilClosed(run);
    },
  },
  // The run waits for a lock that another has, and gets it by a signal.
  lock: {
    revision: 1,
    async before(world) {
      await ask(requestOf('another'), world, 'beamline.lock.lock');
    },
    async drive(run, world) {
      const lock = handleOf(world, 'beamline.lock.lock');
      while (!(await stateOf(run)).includes('queued')) await pause();
      await pause(1000);
      await lock.signal(releaseSignal, requestOf('another'));
      await run.result();
      await lock.result();
      return { '': lock, '-waited': run };
    },
  },
  'reap-orphans': {
    revision: 1,
    async drive(run, { environment, taskQueue }) {
      const { client } = environment;
      const reaper = await client.workflow.start('reapOrphans', {
        taskQueue,
        workflowId: 'recorded-reaper',
        args: [{ jobs: 'cancel' }],
      });
      await Promise.all([run.result(), reaper.result()]);
      return { '': reaper };
    },
  },
};

/** Scenarios of a server that soon suggests to continue as new. */
export const longScenarios: Record<string, Scenario> = {
  'dataflow-continued': {
    revision: 1,
    isJob: true,
    prepared: { incremental: ['orders'] },
    overrides: {
      resolveWindows: async () => ({ windows, notes: ['a first load'], unfinished: null }),
    },
    async drive(run, world) {
      const { dataflow } = world;
      await launched(dataflow);
      const newest = handleOf(world, run.workflowId);
      const { runId } = await newest.describe();
      while ((await newest.describe()).runId === runId) await dataflow.send('JOB_STATE_RUNNING');
      await dataflow.move('JOB_STATE_DONE');
      await newest.result();
      return {
        '-1': handleOf(world, run.workflowId, runId),
        '-2': handleOf(world, run.workflowId, await runIdOf(newest)),
      };
    },
  },
  'lock-continued': {
    revision: 1,
    async drive(run, world) {
      await run.result();
      const lock = handleOf(world, 'beamline.lock.long');
      // A holder that is open, since the lock looks at it while others wait; nobody works on it.
      const holder = await world.environment.client.workflow.start('runPipeline', {
        args: [],
        taskQueue: 'nobody',
        workflowId: 'recorded-holder',
      });
      const held = { workflowId: holder.workflowId, runKey: runKeyOf(holder.firstExecutionRunId) };
      await ask(held, world, lock.workflowId);
      const first = await runIdOf(lock);
      while ((await runIdOf(lock)) === first) {
        await ask(requestOf('b'), world, lock.workflowId);
        await pause(500);
      }
      const second = await runIdOf(lock);
      await lock.signal(releaseSignal, held);
      await lock.result();
      return {
        '-1': handleOf(world, lock.workflowId, first),
        '-2': handleOf(world, lock.workflowId, second),
      };
    },
  },
};

function sinksOf(lock: string, changes: Partial<PreparedSink> = {}): PreparedSink[] {
  return [{ ...preparedSink, lockId: `beamline.lock.${lock}`, ...changes }];
}

function lakeOf(lock: string, changes: Partial<PreparedSink> = {}): PreparedSink {
  const [sink] = sinksOf(lock, { name: 'lake', destination: 'files:s:/lake', ...changes });
  return sink as PreparedSink;
}

/** A publish of which one sink fails, or does not end. */
function publishOf(how: 'partly' | 'untilCancelled', hindered: string): Overrides {
  return {
    publish: async (_run, _staged, { sink, baseVersion }) => {
      if (sink !== hindered) return { version: baseVersion + 1, rows: 7, bytes: 1 };
      if (how === 'partly') throw failure('DataError', 'not this row');
      return untilCancelled();
    },
  };
}

/** The windows of a run that first has to finish an earlier one. */
function finishing(unfinished: UnfinishedRun): Overrides {
  let left: UnfinishedRun | null = unfinished;
  return {
    resolveWindows: async () => {
      const answer = { windows: left ? {} : windows, notes: [], unfinished: left };
      left = null;
      return answer;
    },
  };
}

/** An activity that ends with its cancellation only. */
async function untilCancelled(): Promise<never> {
  for (;;) {
    Context.current().heartbeat();
    await Context.current().sleep(100);
  }
}

async function runThenDone(
  run: WorkflowHandle,
  { dataflow }: World,
): Promise<Record<string, WorkflowHandle>> {
  await launched(dataflow);
  for (const state of ['JOB_STATE_RUNNING', 'JOB_STATE_DONE'] as const) await dataflow.move(state);
  return untilClosed(run);
}

async function launched(dataflow: FakeDataflow): Promise<void> {
  while (dataflow.jobs.length === 0) await pause();
  await pause(500);
}

/** Resets a run to the end of one of its workflow tasks, counted from 0. */
async function reset(run: WorkflowHandle, world: World, task: number): Promise<WorkflowHandle> {
  const { events } = await run.fetchHistory();
  const completed = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await world.environment.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: run.workflowId },
    workflowTaskFinishEventId: completed[task]?.eventId ?? null,
    requestId: `reset-${run.workflowId}`,
    reason: 'recorded',
  });
  return handleOf(world, run.workflowId, runId);
}

async function stateOf(run: WorkflowHandle): Promise<string> {
  return JSON.stringify(await run.query('status').catch(() => ''));
}

function handleOf({ environment }: World, workflowId: string, runId?: string): WorkflowHandle {
  return environment.client.workflow.getHandle(workflowId, runId);
}

async function runIdOf(run: WorkflowHandle): Promise<string> {
  return (await run.describe()).runId;
}

async function ask(request: LockRequest, world: World, lockId: string): Promise<void> {
  const { client } = world.environment;
  await createRequestLock({ client, taskQueue: world.taskQueue })(lockId, 'd', request, true);
}

/** The request of a run that nobody started. */
function requestOf(runKey: string): LockRequest {
  return { workflowId: `gone-${runKey}`, runKey };
}

const pause = (ms = 100) => new Promise((resolve) => setTimeout(resolve, ms));
