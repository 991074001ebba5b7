import { ActivityFailure, ApplicationFailure, condition, log, sleep } from '@temporalio/workflow';
import { jobStepOf, type JobStep } from '../shared/job-end.js';
import { isJobOf } from '../shared/job-identity.js';
import type { JobReference, JobView } from '../shared/job.js';
import type { JobContext } from './job-context.js';

/** However many events claim its end, a job is looked at once in this time at most. */
const betweenLooksMs = 30_000;
/** The next look after an event's claim that the job itself did not bear out. */
const afterFalseClaimMs = 60_000;
const longestReconcileMs = 3_600_000;
/** Looks in a row that may find no such job: one that was just launched may not be there yet. */
const mostLosses = 3;
const firstLookAtStoppingMs = 60_000;
const longestLookAtStoppingMs = 300_000;

/** How a job ended. */
export interface EndedJob {
  view: JobView;
  step: Extract<JobStep, { kind: 'end' }>;
}

/**
 * Waits until a job has ended. Events wake it, and only one that claims the end makes it look; a
 * durable timer looks now and then, in case the event was lost.
 * @param onWake called after each wake; may end the wait by throwing
 */
export async function awaitJob(
  context: JobContext,
  jobId: string,
  onWake: (jobId: string) => Promise<void>,
): Promise<EndedJob> {
  let delayMs = context.target.reconcileAfterMs;
  const looks = new Looks(context, jobId);
  for (;;) {
    const { events } = context;
    const woken = () =>
      events.endClaimed ||
      events.strays.length > 0 ||
      context.isLong() ||
      context.record.wantsDrain;
    const isStirred = await condition(woken, delayMs);
    await onWake(looks.jobId);
    await lookAtStrays(context, looks);
    if (isStirred && !events.endClaimed) continue;
    const claimed = events.endClaimed;
    const ended = await looks.look();
    if (ended) return ended;
    delayMs = claimed ? afterFalseClaimMs : Math.min(delayMs * 2, longestReconcileMs);
  }
}

/**
 * Ends a job: asks it to cancel, waits until it has ended, and asks by force if it does not. Runs to
 * its end whatever happens: call it where nothing cancels it.
 */
export async function stopJob(context: JobContext, jobId: string): Promise<EndedJob> {
  const { target, activities, events, record } = context;
  const looks = new Looks(context, jobId);
  const forceAt = Date.now() + target.forceCancelAfterMs;
  let asked = '';
  let forced = '';
  let delayMs = firstLookAtStoppingMs;
  for (;;) {
    if (asked !== looks.jobId) {
      asked = looks.jobId; // Again for the job that replaced it.
      await activities.stopJob(looks.reference(), 'cancel');
    }
    const untilForce = forced === looks.jobId ? Infinity : Math.max(forceAt - Date.now(), 0);
    await condition(() => events.endClaimed, Math.min(delayMs, untilForce));
    const ended = await looks.look();
    if (ended) return ended;
    if (Date.now() >= forceAt && forced !== looks.jobId) {
      forced = looks.jobId;
      record.forceCancelled();
      await activities.stopJob(looks.reference(), 'force');
    }
    delayMs = Math.min(delayMs * 2, longestLookAtStoppingMs);
  }
}

/** The looks at one job, or at the one that replaced it. */
class Looks {
  #last = -Infinity;
  #losses = 0;

  constructor(
    private readonly context: JobContext,
    public jobId: string,
  ) {}

  reference(jobId = this.jobId): JobReference {
    const { project, region } = this.context.target;
    return { project, region, jobId };
  }

  /** Looks at the job; null if it goes on. */
  async look(): Promise<EndedJob | null> {
    const { events, record } = this.context;
    const early = this.#last + betweenLooksMs - Date.now();
    if (early > 0) await sleep(early);
    this.#last = Date.now();
    events.endClaimed = false;
    const view = await this.#read();
    if (view === null) return null;
    record.jobSeen(view);
    const step = jobStepOf(view, 'run');
    switch (step.kind) {
      case 'wait':
        return null;
      case 'follow':
        return this.#follow(view, step.jobId);
      case 'end':
        return { view, step };
    }
  }

  async #follow(replaced: JobView, jobId: string): Promise<EndedJob | null> {
    const { activities, events, target, run, record } = this.context;
    const view = await activities.readJob(this.reference(jobId));
    if (!isJobOf(view.labels, { runKey: run.runKey, deployment: target.deployment })) {
      return { view: replaced, step: { kind: 'end', outcome: 'updated' } };
    }
    this.jobId = jobId;
    record.jobSeen(view);
    record.launched(jobId);
    events.watch({ runKey: run.runKey, ordinal: record.ordinal, jobId });
    const step = jobStepOf(view, 'run');
    return step.kind === 'end' ? { view, step } : null;
  }

  async #read(): Promise<JobView | null> {
    try {
      const view = await this.context.activities.readJob(this.reference());
      this.#losses = 0;
      return view;
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      if (!(cause instanceof ApplicationFailure) || cause.type !== 'JobLost') throw error;
      this.#losses += 1;
      if (this.#losses >= mostLosses) throw error;
      this.context.events.endClaimed = true; // Look again as soon as that is allowed.
      return null;
    }
  }
}

/**
 * A second job of this run can only come from a launch that slept: it is ended, since its result
 * would never be read. A job that replaced ours is not one of them.
 */
async function lookAtStrays(context: JobContext, looks: Looks): Promise<void> {
  const { events, activities, target, run } = context;
  for (const jobId of events.strays.splice(0)) {
    const ours = await activities.readJob(looks.reference());
    if (ours.replacedByJobId === jobId) {
      events.endClaimed = true;
      continue;
    }
    const stray = await activities.readJob(looks.reference(jobId)).catch(() => null);
    if (stray === null || jobStepOf(stray, 'run').kind !== 'wait') continue;
    if (!isJobOf(stray.labels, { runKey: run.runKey, deployment: target.deployment })) continue;
    log.warn('a second job of this run is cancelled', { jobId });
    await activities.stopJob(looks.reference(jobId), 'cancel');
  }
}
