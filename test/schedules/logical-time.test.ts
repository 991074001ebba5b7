import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { ScheduleSpec, WorkflowClient } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { until } from '../../src/schedules/times/until.js';
import { startTemporal } from '../support/stack.js';

const taskQueue = 'logical-time';

describe('the time that a run stands for', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let workflows: WorkflowClient;
  let worker: Worker;
  let running: Promise<void>;

  before(async () => {
    environment = await startTemporal();
    workflows = environment.client.workflow;
    const path = new URL('../support/logical-time-workflow.js', import.meta.url);
    const code = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(path),
      logger: new DefaultLogger('ERROR'),
    });
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle: code,
    });
    running = worker.run();
  });
  after(async () => {
    worker?.shutdown();
    await running;
    await environment?.teardown();
  });

  const start = {
    workflowType: 'standsFor',
    taskQueue,
    retry: { initialInterval: '10ms', maximumAttempts: 3 },
  } as const;

  /** Makes a schedule that is paused, unless it is to fire by itself. */
  async function schedule(scheduleId: string, spec: ScheduleSpec, paused = true) {
    return environment.client.schedule.create({
      scheduleId,
      spec,
      action: { type: 'startWorkflow', workflowId: scheduleId, args: [{}], ...start },
      state: { paused },
    });
  }

  /** What the first run of a schedule says, and the time in its id. */
  async function firstRun(
    handle: Awaited<ReturnType<typeof schedule>>,
  ): Promise<{ times: unknown; inId: string; takenAt: Date; scheduledAt: Date }> {
    const taken = await until(async () => {
      const { info } = await handle.describe();
      return info.recentActions[0];
    }, 20_000);
    assert.ok(taken);
    const { workflowId } = taken.action.workflow;
    return {
      times: await workflows.getHandle(workflowId).result(),
      inId: new Date(workflowId.slice(handle.scheduleId.length + 1)).toISOString(),
      takenAt: taken.takenAt,
      scheduledAt: taken.scheduledAt,
    };
  }

  it('is its schedule’s, also after continue-as-new and a retry', async () => {
    const handle = await schedule('scheduled', { intervals: [{ every: '3s' }] }, false);
    const { times, inId } = await firstRun(handle);
    await handle.delete();
    assert.deepEqual(times, [inId, inId]);
    assert.equal(Date.parse(inId) % 3000, 0);
  });

  it('is without jitter', async () => {
    const spec = { intervals: [{ every: '20s' }], jitter: '19s' };
    const handle = await schedule('jittered', spec);
    const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 120_000);
    await handle.backfill({
      start: new Date(minute.getTime() - 500),
      end: new Date(minute.getTime() + 19_999),
      overlap: 'ALLOW_ALL',
    });
    const { times, inId } = await firstRun(handle);
    assert.deepEqual(times, [minute.toISOString(), minute.toISOString()]);
    assert.equal(inId, minute.toISOString());
  });

  it('is the past one, if it is backfilled', async () => {
    const handle = await schedule('backfilled', { cronExpressions: ['30 2 * * *'] });
    await handle.backfill({
      start: new Date('2026-03-01T02:00:00Z'),
      end: new Date('2026-03-01T03:00:00Z'),
    });
    const { times } = await firstRun(handle);
    const expected = '2026-03-01T02:30:00.000Z';
    assert.deepEqual(times, [expected, expected]);
  });

  it('is now, if it is triggered, whatever the cron says', async () => {
    const handle = await schedule('triggered', { cronExpressions: ['0 0 1 1 *'] });
    const before = Math.floor(Date.now() / 1000) * 1000;
    await handle.trigger();
    const { times, inId } = await firstRun(handle);
    assert.deepEqual(times, [inId, inId]);
    assert.ok(Date.parse(inId) >= before && Date.parse(inId) <= Date.now());
  });

  it('is its start, if no schedule started it; an execution that continues it must be told', async () => {
    const { workflowType, ...options } = start;
    const handle = await workflows.start(workflowType, {
      workflowId: 'alone',
      args: [{}],
      ...options,
    });
    const first = await workflows.getHandle('alone', handle.firstExecutionRunId).describe();
    const [one, two] = ((await handle.result()) as string[]).map((time) => Date.parse(time));
    assert.ok(one !== undefined && two !== undefined);
    assert.ok(Math.abs(one - first.startTime.getTime()) < 2);
    assert.ok(two > one);
  });

  it('stays over a reset', async () => {
    const handle = await environment.client.schedule.create({
      scheduleId: 'reset',
      spec: { cronExpressions: ['30 2 * * *'] },
      action: {
        type: 'startWorkflow',
        workflowId: 'reset',
        args: [{ waits: true }],
        ...start,
      },
      state: { paused: true },
    });
    await handle.backfill({
      start: new Date('2026-03-01T02:00:00Z'),
      end: new Date('2026-03-01T03:00:00Z'),
    });
    const expected = '2026-03-01T02:30:00.000Z';
    const workflowId = 'reset-2026-03-01T02:30:00Z';
    // The third execution waits for a signal: reset it to its first task.
    const waiting = await until(async () => {
      const handle = workflows.getHandle(workflowId);
      const run = await handle.describe().catch(() => undefined);
      return run?.status.name === 'RUNNING' && run.historyLength === 4 ? run : undefined;
    }, 20_000);
    assert.ok(waiting);
    await environment.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId: waiting.runId },
      reason: 'a test',
      // All four events of it, which are those of one task.
      workflowTaskFinishEventId: waiting.raw.workflowExecutionInfo?.historyLength ?? null,
      requestId: 'one',
    });
    const run = workflows.getHandle(workflowId);
    await run.signal('end');
    assert.deepEqual(await run.result(), [expected, expected]);
  });
});
