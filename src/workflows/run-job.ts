import { CancellationScope, isCancellation, log, sleep } from '@temporalio/workflow';
import { jobNameOf } from '../shared/job-identity.js';
import type { JobReport } from '../shared/job.js';
import type { LaunchJob, Staged, UploadedRun } from './activities.js';
import { awaitJob, stopJob, type EndedJob } from './await-job.js';
import type { JobContext, ResumedJob } from './job-context.js';
import { launch, type Launch } from './launch.js';
import { runEndOf } from './run-end.js';
import { wasCancelled } from './was-cancelled.js';

/** Before a job that failed is followed by another; grows with each. */
const pauseBeforeRelaunchMs = 30_000;
/** Launch ordinals that a reset run may skip because their jobs ended badly before. */
const mostSkipped = 50;

/**
 * Stages the result of a run with a job on Dataflow: uploads what it reads, launches it once, waits
 * for its end by events, and finds its manifest. If the run is cancelled, the job is ended first.
 * @throws RunEnd for every end of the job but success
 */
export async function runJob(context: JobContext, resumed: ResumedJob | null): Promise<Staged> {
  const { run, target, activities } = context;
  const uploaded =
    resumed?.uploaded ?? (await activities.uploadRun(run, target, context.allowPlaintextProfile));
  let ordinal = resumed?.ordinal ?? 1;
  let launches = resumed?.launches ?? 0;
  let jobId = resumed?.jobId ?? null;
  for (;;) {
    if (jobId === null) {
      const request = requestOf(context, uploaded, ordinal);
      const launched = await launch(context, request, (id) => endEarly(context, id));
      if (hadEndedBadly(context, launched) && ordinal < mostSkipped) {
        ordinal += 1;
        continue;
      }
      launches += 1;
      jobId = launched.jobId;
    } else {
      resume(context, ordinal, jobId);
    }
    context.record.launched(jobId);
    const ended = await untilEnded(context, { uploaded, ordinal, launches, jobId });
    const { outcome } = ended.step;
    if (outcome === 'succeeded') return staged(context, ended, ordinal);
    const report = await reportOf(context, ended, outcome === 'failed');
    const again = outcome === 'failed' && report?.failure?.retryHelps === true;
    if (!again || launches >= target.launch.attempts) {
      throw runEndOf(outcome, ended.view, report?.failure ?? null);
    }
    log.info('the job failed and is launched again', { job: ended.view.jobName, launches });
    await sleep(pauseBeforeRelaunchMs * launches);
    ordinal += 1;
    jobId = null;
  }
}

function requestOf(context: JobContext, uploaded: UploadedRun, ordinal: number): LaunchJob {
  const { prepared, run, target, startedAt, wasReset } = context;
  return {
    target,
    uploaded,
    runKey: run.runKey,
    jobName: jobNameOf(prepared.pipeline, startedAt, run.runKey, ordinal),
    ordinal,
    startedAt: startedAt.toISOString(),
    mayExist: wasReset,
  };
}

/** Who resets a run whose job failed or was cancelled wants another job. */
function hadEndedBadly({ wasReset }: JobContext, { adopted, state }: Launch): boolean {
  const badly = state === 'JOB_STATE_FAILED' || state === 'JOB_STATE_CANCELLED';
  return wasReset && adopted && badly;
}

function resume(
  { prepared, run, startedAt, record, events }: JobContext,
  ordinal: number,
  jobId: string,
): void {
  record.launching(jobNameOf(prepared.pipeline, startedAt, run.runKey, ordinal), ordinal);
  events.watch({ runKey: run.runKey, ordinal, jobId });
}

/** Waits for the job; a cancellation ends it, and goes on when it has ended. */
async function untilEnded(context: JobContext, job: ResumedJob): Promise<EndedJob> {
  let { jobId } = job;
  try {
    return await awaitJob(context, jobId, async (current) => {
      jobId = current;
      await drainIfAsked(context, current);
      await context.continueIfLong({ ...job, jobId: current });
    });
  } catch (error) {
    if (wasCancelled(error)) {
      await CancellationScope.nonCancellable(() =>
        endEarly(context, context.record.jobId ?? jobId),
      );
    }
    throw error;
  }
}

async function endEarly(context: JobContext, jobId: string): Promise<void> {
  context.record.launched(jobId);
  const ended = await stopJob(context, jobId);
  await reportOf(context, ended, false);
}

async function drainIfAsked(
  { record, activities, target }: JobContext,
  jobId: string,
): Promise<void> {
  if (!record.wantsDrain) return;
  record.wantsDrain = false;
  const job = { project: target.project, region: target.region, jobId };
  const { type } = await activities.readJob(job);
  if (type === 'streaming') await activities.stopJob(job, 'drain');
  else
    record.note('drain was refused: Dataflow drains streaming jobs only, and this is a batch job');
}

async function staged(context: JobContext, ended: EndedJob, ordinal: number): Promise<Staged> {
  const { activities, run, target } = context;
  const [found] = await Promise.all([
    activities.findStaged(run, target, ordinal),
    reportOf(context, ended, false),
  ]);
  return found;
}

/** What the job consumed and why it failed; null if that cannot be found out, which fails no run. */
async function reportOf(
  { activities, target, record }: JobContext,
  { view }: EndedJob,
  failed: boolean,
): Promise<JobReport | null> {
  const { project, region } = target;
  try {
    const report = await activities.reportJob(
      { project, region, jobId: view.jobId },
      target,
      failed,
    );
    record.reported(report);
    return report;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the job could not be reported on', { error });
    return null;
  }
}
