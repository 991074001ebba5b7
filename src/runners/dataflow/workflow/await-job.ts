import { condition, log, sleep } from '@temporalio/workflow';
import { jobStepOf, type JobStep } from '../../../shared/run/job-end.js';
import { consoleUrlOf, isJobOf } from '../../../shared/run/job-identity.js';
import type { JobReference, JobView } from '../../../shared/run/job.js';
import type { JobContext } from './job-context.js';
import { runFailureOf } from '../../../workflows/record/run-failure.js';

/** However many events claim its end, a job is looked at once in this time at most. */
const betweenLooksMs = 30_000;
/** The next look after an event's claim that the job itself did not bear out. */
const afterFalseClaimMs = 60_000;
const longestReconcileMs = 3_600_000;
/** Times in a row that a job may not be there: one that was just launched may not be there yet. */
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
    const { events, record } = context;
    const woken = () =>
      events.endClaimed || events.strays.length > 0 || record.wantsDrain || context.isLong();
    const isStirred = await condition(woken, delayMs);
    await lookAtStrays(context, looks);
    await onWake(looks.jobId);
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
  const { target, events, record } = context;
  const looks = new Looks(context, jobId);
  const forceAt = Date.now() + target.forceCancelAfterMs;
  let asked = '';
  let forced = '';
  let delayMs = firstLookAtStoppingMs;
  for (;;) {
    // Again for the job that replaced it, and for one that was not there yet.
    if (asked !== looks.jobId && (await looks.ask('cancel'))) asked = looks.jobId;
    const untilForce = forced === looks.jobId ? Infinity : Math.max(forceAt - Date.now(), 0);
    await condition(() => events.endClaimed, Math.min(delayMs, untilForce));
    const ended = await looks.look();
    if (ended) return ended;
    if (Date.now() >= forceAt && forced !== looks.jobId && (await looks.ask('force'))) {
      forced = looks.jobId;
      record.job.forceCancelled();
      record.note('the job did not end after its cancellation and was cancelled by force');
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
    events.looked(this.jobId);
    const view = await this.#read(this.jobId);
    if (view === null) return null;
    record.job.seen(view);
    const step = jobStepOf(view);
    switch (step.kind) {
      case 'wait':
        return null;
      case 'follow':
        return this.#follow(view, step.jobId);
      case 'end':
        return { view, step };
    }
  }

  /** Asks the job to end; false if it is not there, or not yet. */
  async ask(how: 'cancel' | 'force'): Promise<boolean> {
    const asked = this.context.activities.stopJob(this.reference(), how).then(() => true);
    return (await this.#tolerant(asked)) ?? false;
  }

  async #follow(replaced: JobView, jobId: string): Promise<EndedJob | null> {
    const { events, target, run, record } = this.context;
    const view = await this.#read(jobId);
    if (view === null) return null;
    if (!isJobOf(view.labels, { runKey: run.runKey, deployment: target.deployment })) {
      return { view: replaced, step: { kind: 'end', outcome: 'updated' } };
    }
    this.jobId = jobId;
    record.job.seen(view);
    record.job.launched(jobId, consoleUrlOf(target, jobId));
    events.watch({ runKey: run.runKey, ordinal: record.job.ordinal, jobId });
    const step = jobStepOf(view);
    return step.kind === 'end' ? { view, step } : null;
  }

  #read(jobId: string): Promise<JobView | null> {
    return this.#tolerant(this.context.activities.readJob(this.reference(jobId)));
  }

  /** Null if there is no such job, unless that was so several times in a row. */
  async #tolerant<T>(call: Promise<T>): Promise<T | null> {
    try {
      const answer = await call;
      this.#losses = 0;
      return answer;
    } catch (error) {
      if (!isJobLost(error)) throw error;
      this.#losses += 1;
      if (this.#losses >= mostLosses) throw error;
      this.context.events.claimEnd(this.jobId); // Look again as soon as that is allowed.
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
    const [ours, stray] = [
      await orNull(activities.readJob(looks.reference())),
      await orNull(activities.readJob(looks.reference(jobId))),
    ];
    if (ours?.replacedByJobId === jobId) {
      events.claimEnd(looks.jobId);
      continue;
    }
    if (stray === null || jobStepOf(stray).kind !== 'wait') continue;
    if (!isJobOf(stray.labels, { runKey: run.runKey, deployment: target.deployment })) continue;
    log.warn('a second job of this run is cancelled', { jobId });
    await orNull(activities.stopJob(looks.reference(jobId), 'cancel'));
  }
}

/** The answer, or null if there is no such job. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isJobLost(error)) return null;
    throw error;
  }
}

/** Whether a failure says that there is no such job. */
export function isJobLost(error: unknown): boolean {
  return runFailureOf(error, null).type === 'JobLost';
}
