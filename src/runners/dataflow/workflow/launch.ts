import { CancellationScope, condition } from '@temporalio/workflow';
import { isTerminal } from '../../../shared/run/job-end.js';
import { isJobOf } from '../../../shared/run/job-identity.js';
import type { FailureType } from '../../../shared/failures.js';
import type { JobView } from '../../../shared/run/job.js';
import type { JobContext } from './job-context.js';
import type { LaunchJob, LaunchedJob } from '../../../shared/run/launch-job.js';
import { runFailureOf } from '../../../workflows/record/run-failure.js';

/** Pauses between looks for a job that has the name and is not listed yet. */
const firstLookMs = 10_000;
const longestLookMs = 60_000;
/** From this look on, a name that is taken by a job which nobody sees is asked for again. */
const looksBeforeRelaunch = 3;
/** Pauses between looks for a job that a launch without an answer may have left. */
const pausesAfterLossMs = [5_000, 15_000, 40_000];
/** Failures of a launch after which there is no job of this run. */
const neverLaunched: readonly string[] = [
  'LaunchRefused',
  'LaunchConflict',
  'ConfigError',
] satisfies FailureType[];

/**
 * Launches a job and finds out its id. If the run is cancelled meanwhile, or the launch fails without
 * an answer, a job that was launched all the same is found and handed to `onLost`, where nothing
 * cancels any more.
 * @returns what the activity says instead of a job, where the run was reset
 */
export async function launch(
  context: JobContext,
  request: LaunchJob,
  onLost: (jobId: string) => Promise<void>,
): Promise<{ jobId: string } | 'skip' | 'upload again'> {
  const { project, region } = context.target;
  const { jobName, ordinal } = request;
  context.record.job.launching({ project, region, job_name: jobName, launch: ordinal });
  context.events.watch({ runKey: request.runKey, ordinal: request.ordinal, jobId: null });
  let launched: LaunchedJob | null = null;
  try {
    launched = await context.activities.launchJob(request);
    if (launched.instead !== undefined) return launched.instead;
    return { jobId: await known(context, request, launched) };
  } catch (error) {
    if (launched === null && isNeverLaunched(error)) throw error;
    await CancellationScope.nonCancellable(async () => {
      const jobId = launched?.jobId ?? (await search(context, request));
      if (jobId !== null) await onLost(jobId);
    });
    throw error;
  }
}

async function known(
  context: JobContext,
  request: LaunchJob,
  launched: LaunchedJob,
): Promise<string> {
  const { events, record } = context;
  let { jobId, state } = launched;
  let delayMs = firstLookMs;
  for (let looks = 1; jobId === null; looks++) {
    await condition(() => events.candidates.length > 0, delayMs);
    delayMs = Math.min(delayMs * 2, longestLookMs);
    const found = (await verified(context, request)) ?? (await lookFor(context, request, looks));
    if (found !== null) ({ jobId, state } = found);
    if (looks === looksBeforeRelaunch) {
      record.note(`the name ${request.jobName} was taken for a while by a job that is not listed`);
    }
  }
  events.watch({ runKey: request.runKey, ordinal: request.ordinal, jobId });
  if (state !== null && isTerminal(state)) events.claimEnd(jobId);
  return jobId;
}

/** An event that bears our labels names an id; the job itself must say the same. */
async function verified(context: JobContext, request: LaunchJob): Promise<JobView | null> {
  const { events, activities, target, run } = context;
  const { project, region, deployment } = target;
  for (const jobId of events.candidates.splice(0)) {
    // Forged, or not there yet; where the run is cancelled, whoever waits next hears of it.
    const view = await activities.readJob({ project, region, jobId }).catch(() => null);
    if (view?.jobName !== request.jobName) continue;
    if (isJobOf(view.labels, { runKey: run.runKey, deployment })) return view;
  }
  return null;
}

/**
 * A job that is neither listed nor heard of for long may not be there: whoever had the name gave it
 * back, or the service refused it by mistake. Then it is launched again, which the name keeps safe.
 */
async function lookFor(
  { activities }: JobContext,
  request: LaunchJob,
  looks: number,
): Promise<LaunchedJob | JobView | null> {
  const found = await activities.findJob(request);
  if (found !== null || looks < looksBeforeRelaunch) return found;
  return activities.launchJob({ ...request, mayExist: true });
}

/** Looks for the job of a launch that ended before it could say whether there is one. */
async function search(context: JobContext, request: LaunchJob): Promise<string | null> {
  const { events, activities } = context;
  const look = async () =>
    (await verified(context, request)) ?? (await activities.findJob(request));
  let found = await look();
  for (const pauseMs of pausesAfterLossMs) {
    if (found !== null) break;
    await condition(() => events.candidates.length > 0, pauseMs);
    found = await look();
  }
  // A launch that still sleeps somewhere makes a job that finds its run closed, and ends itself.
  return found?.jobId ?? null;
}

function isNeverLaunched(error: unknown): boolean {
  const isOurs = neverLaunched.includes(runFailureOf(error, null).type);
  return isOurs && !CancellationScope.current().consideredCancelled;
}
