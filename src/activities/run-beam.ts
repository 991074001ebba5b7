import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { faultPoint } from '../process/fault-point.js';
import { endRecordedProcesses } from '../process/process-record.js';
import { supervise, type ChildEnd } from '../process/supervise.js';
import { failure, failureTypes, isFailureType, type FailureDetail } from '../shared/failures.js';
import type { Progress, StepProgress } from '../shared/progress.js';
import { storePaths } from '../store/local-store.js';
import type { PipelineActivities } from '../workflows/activities.js';
import { cancellationOf } from './activity-run.js';
import type { ActivityDeps } from './deps.js';
import { readPlan } from './read-plan.js';

/** Below the heartbeat timeout (10 s): a stalled child is ended before its attempt is replaced. */
const stallAfterMs = 8_000;
const graceMs = 3_000;

const beamEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), pid: z.number() }),
  z.object({ event: z.literal('progress'), steps: z.custom<Record<string, StepProgress>>() }),
  z.object({ event: z.literal('finished'), manifest: z.string(), sha256: z.string() }),
  z.object({
    event: z.literal('failed'),
    failure: z.object({
      type: z.string(),
      message: z.string(),
      step: z.string().nullish(),
      cause: z.string().nullish(),
    }),
  }),
]);
type BeamEvent = z.infer<typeof beamEvent>;

/**
 * Runs the Beam pipeline in a child process that stages into a folder of this attempt alone.
 *
 * Every heartbeat is caused by a line of the child, so that a child that was paused (or hangs)
 * is noticed; children of earlier attempts are ended first.
 */
export function createRunBeam({
  root,
  store,
  python,
}: ActivityDeps): PipelineActivities['runBeam'] {
  return async (run) => {
    const context = Context.current();
    await readPlan(store, run);
    const records = storePaths.beamProcesses(store, run.runKey);
    await endRecordedProcesses(records);

    const attempt = `${context.info.attempt}-${randomBytes(3).toString('hex')}`;
    const staging = join(storePaths.staging(store, run.runKey), attempt);
    await mkdir(storePaths.run(store, run.runKey), { recursive: true });
    let last: BeamEvent | undefined;
    const progress: Progress = { attempt, pid: null, steps: {} };
    const onEvent = (line: unknown) => {
      const parsed = beamEvent.safeParse(line);
      if (!parsed.success) return;
      const event = parsed.data;
      if (event.event === 'started') progress.pid = event.pid;
      else if (event.event === 'progress') progress.steps = event.steps;
      else last = event;
      context.heartbeat(progress);
    };
    context.heartbeat(progress);
    await faultPoint('worker:before-beam');
    const end = await supervise({
      command: python,
      args: [
        '-m',
        'beam_pipeline.main',
        '--exit_with_parent',
        `--plan=${storePaths.plan(store, run.planSha256)}`,
        `--staging=${staging}`,
        `--run_key=${run.runKey}`,
        `--attempt=${attempt}`,
        ...(run.profiles === null ? [] : [`--profiles=${run.profiles}`]),
      ],
      cwd: root,
      records,
      logFile: storePaths.log(store, run.runKey),
      onEvent,
      stallAfterMs,
      graceMs,
      signal: context.cancellationSignal,
    });
    if (context.cancellationSignal.aborted) throw await cancellationOf();
    if (last?.event !== 'finished') throw beamFailure(last, end);
    await faultPoint('worker:beam-finished');
    return {
      manifestUri: last.manifest,
      manifestSha256: last.sha256,
      attempt: context.info.attempt,
    };
  };
}

function beamFailure(last: BeamEvent | undefined, end: ChildEnd): ApplicationFailure {
  if (last?.event === 'failed') {
    const { type, message, step, cause } = last.failure;
    const detail: FailureDetail = {
      ...(step ? { step } : {}),
      ...(cause ? { cause } : {}),
      stderr: end.stderr.slice(-20),
    };
    return failure(isFailureType(type) ? type : 'InternalError', message, detail);
  }
  const stderr = end.stderr.slice(-20);
  if (end.stalled) {
    return failure(
      'BeamStalled',
      `the Beam process gave no sign of life for ${stallAfterMs / 1000} s and was ended`,
      { stderr },
    );
  }
  const how = end.signal ? `by signal ${end.signal}` : `with exit code ${end.exitCode}`;
  return failure(
    'BeamCrashed' satisfies keyof typeof failureTypes,
    `the Beam process ended ${how}`,
    {
      ...(stderr.length > 0 ? { cause: stderr.at(-1) as string } : {}),
      stderr,
    },
  );
}
