import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import type { ActivityDeps } from '../../activities/attempt/deps.js';
import { heartbeating } from '../../activities/attempt/heartbeating.js';
import { rootsOf } from '../../activities/plan/roots-of.js';
import type { RunnerActivities } from '../../activities/runner-activities.js';
import { faultPoint } from '../../process/fault-point.js';
import { killGroup, startOf } from '../../process/process-record.js';
import { storePaths } from '../../store/local-store.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import { endOf } from './end-of.js';
import type { Ended, SignalledActivities } from './workflow.js';

export const activities: RunnerActivities = {
  ofStore(deps): { [name in keyof SignalledActivities]: SignalledActivities[name] } {
    return {
      startSignalled: heartbeating((run: RunReference) => start(deps, run)),
      lookSignalled: heartbeating((run: RunReference) => look(deps, run)),
      endSignalled: heartbeating((run: RunReference) => end(deps, run)),
    };
  },
};

const waiter = fileURLToPath(new URL('waiter.js', import.meta.url));

async function start(deps: ActivityDeps, run: RunReference): Promise<{ pid: number }> {
  const { root, store, python } = deps;
  await mkdir(storePaths.run(store, run.runKey), { recursive: true });
  const task = {
    root,
    record: recordOf(deps, run),
    workflowId: Context.current().info.workflowExecution?.workflowId,
    command: python,
    args: [
      ...['-m', 'beam_pipeline.main', `--run_key=${run.runKey}`, '--attempt=signalled'],
      `--plan=${storePaths.plan(store, run.planSha256)}`,
      `--staging=${join(storePaths.staging(store, run.runKey), 'signalled')}`,
      `--roots=${JSON.stringify(rootsOf(root))}`,
      ...(run.windows === undefined ? [] : [`--windows=${JSON.stringify(run.windows)}`]),
      ...(run.profiles === null ? [] : [`--profiles=${run.profiles}`]),
    ],
  };
  spawn(process.execPath, [waiter, JSON.stringify(task)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  let pid = await pidOf(deps, run);
  for (; pid === null; pid = await pidOf(deps, run)) await sleep(50);
  await faultPoint('worker:signalled-started');
  return { pid };
}

/** One that has ended without a word is gone. */
async function look(deps: ActivityDeps, run: RunReference): Promise<Ended | null> {
  const pid = await pidOf(deps, run);
  const isThere = pid !== null && (await startOf(pid)) !== null;
  const text = await readFile(endOf(recordOf(deps, run)), 'utf8').catch(() => '');
  if (text !== '') return JSON.parse(text) as Ended;
  return isThere ? null : { failed: 'its process is gone' };
}

async function end(deps: ActivityDeps, run: RunReference): Promise<void> {
  const pid = await pidOf(deps, run);
  while (pid !== null && killGroup(pid, 'SIGKILL')) await sleep(50);
}

/** Of the process that a run has: whichever of several was the first to write it. */
async function pidOf(deps: ActivityDeps, run: RunReference): Promise<number | null> {
  const text = await readFile(recordOf(deps, run), 'utf8').catch(() => '');
  return text === '' ? null : Number(text);
}

function recordOf({ store }: ActivityDeps, { runKey }: RunReference): string {
  return join(storePaths.run(store, runKey), 'signalled.pid');
}
