import type { JobState } from '../shared/run/job.js';
import type { PreparedRun, Provided, RunReference, Staged } from './contract/activities.js';
import type { Routes } from './record/routes.js';
import type { RunRecord } from './record/run-record.js';

/**
 * The workflow's part of a runner (`src/runners/<name>/workflow.ts`, export `workflow`): from start to
 * manifest. It is workflow code: deterministic, and what older histories have must still follow from it.
 */
export interface RunnerWorkflow<Heard extends Ears = Ears> {
  /**
   * Sets the handlers of the runner's own signals, when a workflow begins: which runner a run has is known
   * later, and anybody may send any signal to any run.
   */
  listen?(record: RunRecord): Heard;
  /**
   * Puts what the job reads where any host, and the job, finds it. While this is under way the run keeps
   * no destination from others. Called of runs that have a bucket.
   */
  provide?(context: RunnerContext, heard: Heard): Promise<Provided>;
  /**
   * Stages the run's result, and returns when it is there; a wait is for signals and timers, never a poll.
   * However it ends, nothing of it runs on: a cancellation comes as Temporal's, and what was started is ended
   * first.
   * @param resumed what it gave to `continueIfLong` in the execution before
   */
  stage(context: RunnerContext, heard: Heard, resumed: object | null): Promise<Staged>;
}

/** What was heard of a run's job. */
export interface Ears {
  /** The state that the last signal claimed, for display. */
  readonly claimedState: JobState | null;
}

/** What a runner's part of a run works with. */
export interface RunnerContext {
  prepared: PreparedRun;
  run: RunReference;
  /** Its job, its notes, and whether it was asked to drain. */
  record: RunRecord;
  routes: Routes;
  /** The queue of all workers. */
  taskQueue: string;
  /** When the run was started, also where its workflow was continued as new. */
  startedAt: Date;
  /** True if the run was reset: an earlier execution may have started jobs, and have ended. */
  wasReset: boolean;
  /** A job may read connection profiles with passwords in plain text. */
  allowPlaintextProfile: boolean;
  /** Whether the history has grown so long that it should be continued. */
  isLong(): boolean;
  /** Goes on in a new execution, whose history is empty; returns only if that is not needed. */
  continueIfLong(state: object): Promise<void>;
}
