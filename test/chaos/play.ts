import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { runKeyOf } from '../../src/store/run-key.js';
import { jobLabelNames } from '../../src/shared/run/job-identity.js';
import { jobsOf } from './jobs.js';
import { persistently, type Faults } from './faults.js';
import type { Schedule, Step } from './schedule.js';
import type { World } from './world.js';

type RunStep = Extract<Step, { do: 'run' }>;

/** A run as its starter sees it. */
export interface PlayedRun {
  step: RunStep;
  workflowId: string;
  runKey: string;
  /** Temporal's status once it closed; null while it is open. */
  status: string | null;
  /** Why it did not succeed, if it did not. */
  error: string | null;
  ms: number | null;
}

export interface Played {
  runs: PlayedRun[];
  /** Seconds from the first step until every run had ended. */
  seconds: number;
}

/** Longest that a run may go on after every fault is undone: its slowest timers are 60 s apart. */
export const endWithinMs = 300_000;

/** Longest that a `settle` waits: a run may need a fault to be undone first. */
const settleWithinMs = 150_000;

/** Carries out a schedule, then undoes every fault and waits until every run has ended. */
export async function play(
  world: World,
  faults: Faults,
  { seed, inFlight, steps }: Schedule,
  note: (text: string) => void,
): Promise<Played> {
  const startedAt = Date.now();
  const runs: PlayedRun[] = [];
  const open = new Set<Promise<void>>();
  const giveUp = new AbortController();
  for (const step of steps) {
    switch (step.do) {
      case 'run': {
        while (open.size >= inFlight) await Promise.race(open);
        const run = await start(world, `chaos-${seed}-${step.run}`, step);
        runs.push(run);
        note(`run ${step.run} of ${step.pipeline} is ${run.runKey}`);
        const ended = untilEnded(world, run, giveUp.signal).finally(() => {
          open.delete(ended);
          note(`run ${step.run} (${run.runKey}) ended: ${run.status} ${run.error ?? ''}`);
        });
        open.add(ended);
        break;
      }
      case 'hit':
        faults.hit(step.member, step.signal, step.forMs);
        break;
      case 'arm':
        await faults.arm(step.point, step.signal, step.forMs, step.host);
        break;
      case 'fault':
        await faults.script(step.fault);
        break;
      case 'wait':
        await sleep(step.ms);
        break;
      case 'settle':
        await Promise.race([Promise.all(open), sleep(settleWithinMs)]);
        break;
    }
  }
  await Promise.race([Promise.all(open), sleep(30_000)]);
  await faults.heal();
  note('every fault is undone');
  const timer = setTimeout(() => giveUp.abort(), endWithinMs);
  await Promise.all(open);
  clearTimeout(timer);
  return { runs, seconds: (Date.now() - startedAt) / 1000 };
}

/** Starts a run and waits for its end; one that does not end has no status. */
export async function runToItsEnd(
  world: World,
  workflowId: string,
  step: RunStep,
): Promise<PlayedRun> {
  const run = await start(world, workflowId, step);
  await untilEnded(world, run, AbortSignal.timeout(endWithinMs));
  return run;
}

async function start(world: World, workflowId: string, step: RunStep): Promise<PlayedRun> {
  const startedAt = Date.now();
  const handle = world.client.workflow.getHandle(workflowId);
  const firstRunId = await persistently(async () => {
    try {
      await world.client.workflow.start('runPipeline', {
        workflowId,
        taskQueue: world.hosts[step.host ?? 0]?.taskQueue ?? 'beamline',
        args: [{ config: `${step.pipeline}.yaml`, ...world.prepared.input }],
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return (await handle.describe()).runId;
  });
  const runKey = runKeyOf(firstRunId);
  if (step.cancelAfterMs !== undefined) void cancelLater(world, handle, runKey, step);
  return {
    step,
    workflowId,
    runKey,
    status: null,
    error: null,
    ms: -startedAt,
  };
}

async function cancelLater(
  world: World,
  handle: WorkflowHandle,
  runKey: string,
  step: RunStep,
): Promise<void> {
  while (step.cancelOnceLaunched) {
    const jobs = await persistently(() => jobsOf(world));
    if (jobs.some(({ labels }) => labels[jobLabelNames.runKey] === runKey)) break;
    await sleep(500);
  }
  await sleep(step.cancelAfterMs);
  await persistently(
    async () => (step.cancelBy === 'signal' ? handle.signal('cancelJob') : handle.cancel()),
    (error) => error instanceof WorkflowNotFoundError, // It has ended.
  ).catch(() => undefined);
}

async function untilEnded(world: World, run: PlayedRun, signal: AbortSignal): Promise<void> {
  const handle = world.client.workflow.getHandle<() => Promise<Receipt>>(run.workflowId);
  const startedAt = -(run.ms ?? 0);
  run.ms = null;
  while (!signal.aborted) {
    await sleep(300);
    const status = await handle.describe().then(
      (told) => told.status.name,
      () => 'RUNNING',
    );
    if (status === 'RUNNING') continue;
    run.error = await persistently(
      () =>
        handle.result().then(
          () => null,
          (error: Error) => {
            if (error.name !== 'WorkflowFailedError') throw error;
            return (error.cause as Error | undefined)?.message ?? error.message;
          },
        ),
      () => signal.aborted,
    ).catch(String);
    run.status = status;
    run.ms = Date.now() - startedAt;
    return;
  }
}
