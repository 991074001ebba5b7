import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { JobView } from '../shared/job.js';
import type { JobContext } from './job-context.js';
import type { LaunchJob, LaunchedJob } from './activities.js';

/** Pauses between looks for a job that has the name and is not listed yet. */
const firstLookMs = 10_000;
const longestLookMs = 60_000;
/** From this look on, a name that is taken by a job which nobody sees is asked for again. */
const looksBeforeRelaunch = 3;
/** Pauses between looks for a job that a cancelled launch may have left. */
const looksAfterCancellationMs = [0, 5_000, 15_000, 40_000];

/** A launch whose job is known. */
export interface Launch extends LaunchedJob {
  jobId: string;
}

/**
 * Launches a job and finds out its id. If the run is cancelled meanwhile, a job that was launched
 * all the same is found and handed to `onCancelled`, where nothing cancels any more.
 */
export async function launch(
  context: JobContext,
  request: LaunchJob,
  onCancelled: (jobId: string) => Promise<void>,
): Promise<Launch> {
  context.record.launching(request.jobName, request.ordinal);
  context.events.watch({ runKey: request.runKey, ordinal: request.ordinal, jobId: null });
  let launched: LaunchedJob | null = null;
  try {
    launched = await context.activities.launchJob(request);
    return await known(context, request, launched);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(async () => {
      const jobId = launched?.jobId ?? (await search(context, request));
      if (jobId !== null) await onCancelled(jobId);
    });
    throw error;
  }
}

async function known(
  context: JobContext,
  request: LaunchJob,
  launched: LaunchedJob,
): Promise<Launch> {
  const { events, activities, target } = context;
  let { jobId, state, adopted } = launched;
  let delayMs = firstLookMs;
  for (let looks = 1; jobId === null; looks++) {
    await condition(() => events.claimedId !== null, delayMs);
    delayMs = Math.min(delayMs * 2, longestLookMs);
    const found = (await claimed()) ?? (await lookFor(looks));
    events.claimedId = null;
    if (found !== null) ({ jobId, state, adopted } = { adopted: true, ...found });
  }
  events.watch({ runKey: request.runKey, ordinal: request.ordinal, jobId });
  return { jobId, state, adopted };

  /** An event that bears our labels names the id; the job itself must say the same. */
  async function claimed(): Promise<JobView | null> {
    if (events.claimedId === null) return null;
    const reference = { project: target.project, region: target.region, jobId: events.claimedId };
    const view = await activities.readJob(reference).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
      return null; // Forged, or not there yet.
    });
    return view?.jobName === request.jobName ? view : null;
  }

  /**
   * A job that is neither listed nor heard of for long may not be there: whoever had the name gave it
   * back, or the service refused it by mistake. Then it is launched again, which the name keeps safe.
   */
  async function lookFor(looks: number): Promise<LaunchedJob | JobView | null> {
    const found = await activities.findJob(request);
    if (found !== null || looks < looksBeforeRelaunch) return found;
    return activities.launchJob({ ...request, mayExist: true });
  }
}

/** Looks for the job of a launch that was cancelled before it could say whether there is one. */
async function search(context: JobContext, request: LaunchJob): Promise<string | null> {
  const { events, activities } = context;
  for (const pauseMs of looksAfterCancellationMs) {
    await condition(() => events.claimedId !== null, pauseMs || 1);
    if (events.claimedId !== null) return events.claimedId;
    const found = await activities.findJob(request);
    if (found !== null) return found.jobId;
  }
  // A launch that still sleeps somewhere makes a job that finds its run closed, and ends itself.
  return null;
}
