import { CancellationScope, ContinueAsNew, log, sleep } from '@temporalio/workflow';
import { consoleUrlOf, jobNameOf } from '../../../shared/run/job-identity.js';
import type { JobReport } from '../../../shared/run/job.js';
import type { LaunchJob, UploadedRun } from '../../../shared/run/launch-job.js';
import type { Staged } from '../../../workflows/contract/activities.js';
import { awaitJob, isJobLost, stopJob, type EndedJob } from './await-job.js';
import type { JobContext, ResumedJob } from './job-context.js';
import { launch } from './launch.js';
import { runEndOf } from '../../../workflows/record/run-end.js';
import { runFailureOf } from '../../../workflows/record/run-failure.js';

/** Before a job that failed is followed by another; grows with each. */
const pauseBeforeRelaunchMs = 30_000;
/** Launch ordinals that a reset run may skip because their jobs are of no use any more. */
const mostSkipped = 50;

/**
 * Stages the result of a run with a job on Dataflow: uploads what it reads, launches it once, waits
 * for its end by events, and finds its manifest. However the run goes on, its job is ended first.
 * @throws RunEnd for every end of the job but success
 */
export async function runJob(context: JobContext, resumed: ResumedJob | null): Promise<Staged> {
  const { target } = context;
  const { record } = context;
  if (resumed !== null) record.provided = resumed.uploaded;
  let uploaded = (record.provided as UploadedRun | null) ?? (await upload(context));
  let ordinal = resumed?.ordinal ?? 1;
  let launches = resumed?.launches ?? 0;
  let jobId = resumed?.jobId ?? null;
  for (;;) {
    if (jobId === null) {
      const request = requestOf(context, uploaded, ordinal);
      const launched = await launch(context, request, (id) => endEarly(context, id));
      if (launched === 'upload again') {
        uploaded = await upload(context);
        continue;
      }
      if (launched === 'skip' && ordinal < mostSkipped) {
        ordinal += 1;
        continue;
      }
      if (launched === 'skip') throw new Error(`${ordinal} launches of this run are of no use`);
      launches += 1;
      jobId = launched.jobId;
    } else {
      resume(context, ordinal, jobId);
    }
    context.record.job.launched(jobId, consoleUrlOf(target, jobId));
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

/** Uploads what the job reads. */
export function upload({
  activities,
  run,
  target,
  allowPlaintextProfile,
}: JobContext): Promise<UploadedRun> {
  return activities.uploadRun(run, target, allowPlaintextProfile);
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
    windows: run.windows,
    mayExist: wasReset,
    wasReset,
  };
}

function resume(context: JobContext, ordinal: number, jobId: string): void {
  const { prepared, run, target, startedAt, record, events } = context;
  const { project, region } = target;
  const jobName = jobNameOf(prepared.pipeline, startedAt, run.runKey, ordinal);
  record.job.launching({ project, region, job_name: jobName, launch: ordinal });
  events.watch({ runKey: run.runKey, ordinal, jobId });
}

/**
 * Waits for the job. A cancellation, the deadline or a failure ends it first: whatever else goes
 * wrong, no run goes on without its job, and no job without its run.
 */
async function untilEnded(context: JobContext, job: ResumedJob): Promise<EndedJob> {
  const { events, record } = context;
  try {
    return await awaitJob(context, job.jobId, async (jobId) => {
      await drainIfAsked(context, jobId);
      // What is to be done about the job is done first.
      const isBusy = events.endClaimed || events.strays.length > 0 || record.wantsDrain;
      const state: ResumedJob = { ...job, jobId };
      if (!isBusy) await context.continueIfLong(state);
    });
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const current = context.record.job.id ?? job.jobId;
    await CancellationScope.nonCancellable(() => endEarly(context, current));
    throw error;
  }
}

/** Ends a job whose result nobody wants; if that cannot be done, the receipt says so. */
async function endEarly(context: JobContext, jobId: string): Promise<void> {
  const { record, events, run, target } = context;
  record.job.launched(jobId, consoleUrlOf(target, jobId));
  events.watch({ runKey: run.runKey, ordinal: record.job.ordinal, jobId });
  try {
    const ended = await stopJob(context, jobId);
    await reportOf(context, ended, false);
  } catch (error) {
    const { type, message } = runFailureOf(error, null);
    record.note(
      type === 'JobLost'
        ? `job ${jobId} was to be cancelled and is not there: ${message}`
        : `job ${jobId} could not be cancelled and may still run: ${message}; \`beamline orphans --cancel\` ends it`,
    );
  }
}

async function drainIfAsked(
  { record, activities, target }: JobContext,
  jobId: string,
): Promise<void> {
  if (!record.wantsDrain) return;
  record.wantsDrain = false;
  const job = { project: target.project, region: target.region, jobId };
  try {
    const { type } = await activities.readJob(job);
    if (type === 'streaming') await activities.stopJob(job, 'drain');
    else record.note('drain was refused: Dataflow drains streaming jobs only; this is a batch job');
  } catch (error) {
    if (!isJobLost(error)) throw error;
    record.note('drain was not asked for: the job was not there yet');
  }
}

async function staged(context: JobContext, ended: EndedJob, ordinal: number): Promise<Staged> {
  const { activities, run, target } = context;
  const [found] = await Promise.allSettled([
    activities.findStaged(run, target, ordinal),
    reportOf(context, ended, false),
  ]);
  if (found.status === 'rejected') throw found.reason;
  return found.value;
}

/** What the job consumed and why it failed; null if that cannot be found out, which fails no run. */
async function reportOf(
  { activities, target, record }: JobContext,
  { view }: EndedJob,
  failed: boolean,
): Promise<JobReport | null> {
  const { project, region } = target;
  const job = { project, region, jobId: view.jobId };
  try {
    const report = await activities.reportJob(job, target, failed);
    record.job.reported(report);
    return report;
  } catch (error) {
    log.warn('the job could not be reported on', { error });
    return null;
  }
}
