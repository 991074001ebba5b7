import { randomBytes } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import pLimit, { type LimitFunction } from 'p-limit';
import { z } from 'zod';
import type { StepColumns } from '../../config/plan/outlooks.js';
import { faultPoint } from '../../process/fault-point.js';
import { endRecordedProcesses } from '../../process/process-record.js';
import { supervise, type SupervisedEnd } from '../../process/supervise.js';
import { failure } from '../../shared/failures.js';
import type { Progress, StepProgress } from '../../shared/run/progress.js';
import { attemptLine } from '../../store/beam-log.js';
import { storePaths } from '../../store/local-store.js';
import type { RunReference, Staged } from '../../workflows/contract/activities.js';
import type { LocalActivities } from './workflow.js';
import { pythonEnvironment } from '../../process/python.js';
import { cancellationOf } from '../../activities/attempt/cancellation.js';
import { assertColumns, assertTaken, stepColumns } from '../../activities/beam/assert-columns.js';
import type { ActivityDeps } from '../../activities/attempt/deps.js';
import { whileHeartbeating } from '../../activities/attempt/heartbeating.js';
import { pythonFailure, readPythonFailure } from '../../activities/beam/python-failure.js';
import { readPlan } from '../../activities/plan/read-plan.js';
import { rootsOf } from '../../activities/plan/roots-of.js';

/** The child prints a line every 0.5 s, whatever it does. */
const stallAfterMs = 10_000;
const graceMs = 3_000;
/** Beam children of one worker at a time, each of which uses every core; others wait their turn. */
const mostChildren = 4;

const beamEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), pid: z.number() }),
  z.object({ event: z.literal('progress'), steps: z.custom<Record<string, StepProgress>>() }),
  z.object({ event: z.literal('columns'), steps: stepColumns }),
  z.object({ event: z.literal('finished'), manifest: z.string(), sha256: z.string() }),
  z.object({ event: z.literal('failed'), failure: pythonFailure }),
]);
type BeamEvent = z.infer<typeof beamEvent>;

/**
 * Runs the Beam pipeline in a child process that stages into a folder of this attempt alone.
 *
 * Children of earlier attempts are ended first: one may have been paused. A child that is silent
 * (it was paused, or hangs) is ended and the attempt is retried.
 */
export function createRunBeam(deps: ActivityDeps): LocalActivities['runBeam'] {
  const slots = pLimit(mostChildren);
  return (run) => {
    const { attempt } = Context.current().info;
    const name = `${attempt}-${randomBytes(3).toString('hex')}`;
    const progress: Progress = { attempt: name, pid: null, steps: {} };
    return whileHeartbeating(
      async () => ({ ...(await inTurn(slots, () => runAttempt(deps, run, progress))), attempt }),
      () => progress,
    );
  };
}

/** Runs `task` when there is a slot; a cancellation ends the wait for one. */
async function inTurn<T>(slots: LimitFunction, task: () => Promise<T>): Promise<T> {
  const { cancellationSignal } = Context.current();
  let begun = false;
  const result = slots(async () => {
    begun = true;
    if (cancellationSignal.aborted) throw await cancellationOf();
    return task();
  });
  const cancelledBefore = cancellationOf().then((error) => {
    if (!begun) throw error;
    return result;
  });
  return Promise.race([result, cancelledBefore]);
}

async function runAttempt(
  deps: ActivityDeps,
  run: RunReference,
  progress: Progress,
): Promise<Omit<Staged, 'attempt'>> {
  const { root, store, python } = deps;
  const { cancellationSignal } = Context.current();
  const plan = await readPlan(deps, run);
  const records = storePaths.beamProcesses(store, run.runKey);
  await endRecordedProcesses(records);
  const logFile = storePaths.log(store, run.runKey);
  await mkdir(storePaths.run(store, run.runKey), { recursive: true });
  await appendFile(logFile, attemptLine(progress.attempt, new Date()));
  await faultPoint('worker:before-beam');
  let last: BeamEvent | undefined;
  let refusal: unknown;
  const refused = new AbortController();
  const refuse = (error: unknown): void => {
    refusal ??= error;
    refused.abort();
  };
  const columns = Promise.withResolvers<StepColumns | null>();
  // Reading does not wait for it.
  const taken = columns.promise
    .then((steps) => steps && assertTaken(deps, run, plan, steps))
    .catch(refuse);
  const args = [
    '--exit_with_parent',
    '--ask_before_reading',
    `--plan=${storePaths.plan(store, run.planSha256)}`,
    `--staging=${join(storePaths.staging(store, run.runKey), progress.attempt)}`,
    `--run_key=${run.runKey}`,
    `--attempt=${progress.attempt}`,
    ...(run.windows === undefined ? [] : [`--windows=${JSON.stringify(run.windows)}`]),
    ...(run.profiles === null ? [] : [`--profiles=${run.profiles}`]),
    `--roots=${JSON.stringify(rootsOf(root))}`,
  ];
  const end = await supervise({
    command: python,
    args: ['-m', 'beam_pipeline.main', ...args],
    cwd: root,
    env: pythonEnvironment(),
    spares: deps.spares && { of: deps.spares.beam, input: `${JSON.stringify(args)}\n` },
    records,
    logFile,
    onEvent(line, answer) {
      const { data: event } = beamEvent.safeParse(line);
      if (event?.event === 'started') progress.pid = event.pid;
      else if (event?.event === 'progress') progress.steps = event.steps;
      else if (event?.event === 'columns') {
        const { steps } = event;
        assertColumns(root, run, plan, steps)
          .then(() => answer('read\n'))
          .then(() => columns.resolve(steps), refuse);
      } else if (event) last = event;
    },
    stallAfterMs,
    graceMs,
    signal: AbortSignal.any([cancellationSignal, refused.signal]),
  });
  columns.resolve(null);
  await taken;
  if (cancellationSignal.aborted) throw await cancellationOf();
  if (refused.signal.aborted) throw refusal;
  if (last?.event !== 'finished') throw beamFailure(last, end, Context.current().info.attempt);
  await faultPoint('worker:beam-finished');
  return { manifestUri: last.manifest, manifestSha256: last.sha256 };
}

function beamFailure(
  last: BeamEvent | undefined,
  end: SupervisedEnd,
  attempt: number,
): ApplicationFailure {
  const stderr = end.stderr.slice(-20);
  if (last?.event === 'failed') {
    const { type, message, detail, mayPass } = readPythonFailure(last.failure);
    return failure(type, message, { ...detail, attempt, stderr }, mayPass);
  }
  if (end.stalled) {
    const silent = `the Beam process gave no sign of life for ${stallAfterMs / 1000} s and was ended`;
    return failure('BeamStalled', silent, { attempt, stderr });
  }
  const how = end.signal ? `by signal ${end.signal}` : `with exit code ${end.exitCode}`;
  const cause = stderr.at(-1);
  return failure('BeamCrashed', `the Beam process ended ${how}`, {
    ...(cause === undefined ? {} : { cause }),
    attempt,
    stderr,
  });
}
