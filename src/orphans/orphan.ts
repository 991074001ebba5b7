import type { CostEstimate, JobView } from '../shared/run/job.js';

/** A job that is active although its run is gone. */
export interface OrphanJob {
  job_id: string;
  job_name: string;
  region: string;
  state: JobView['state'];
  type: JobView['type'];
  run_key: string;
  workflow_id: string;
  /**
   * `closed`: Temporal knows that its run has ended. `unknown`: this Temporal does not know the run;
   * it may have forgotten it, or be the wrong one, so that the job is ended only if that is said.
   */
  run: 'closed' | 'unknown';
  launch: number;
  url: string;
  /** Milliseconds since it was created; null if the service does not say. */
  age_ms: number | null;
  /** What it has cost so far; null if that is not known. */
  cost: CostEstimate | null;
}

/**
 * An active job that is named as ours and cannot be read: it is in a state that this version does not
 * know, or the service refuses to show it, and with it whose it is.
 */
export interface UnreadJob {
  job_id: string;
  job_name: string;
  region: string;
  reason: string;
}

/** With the runner whose service has the job. */
export type OfRunner<Job> = Job & { runner: string };

/** What a run that has ended left in a store. */
export interface OrphanStaging {
  run_key: string;
  /** `profiles`: the connection profiles that its job read, which may hold a password. */
  what: 'staging' | 'profiles';
  /** `gs://…` of a folder, or of the profiles; or the path of a folder in the local store. */
  place: string;
  /** Null where that was not counted. */
  bytes: number | null;
  /**
   * `closed`: its run has ended, so that it can be removed. `unknown`: Temporal does not know the
   * run (any more), and it may be another installation's: it is shown and left alone.
   */
  run: 'closed' | 'unknown';
}

/** A destination's lock whose holder is gone. */
export interface OrphanLock {
  lock_id: string;
  holder: { workflowId: string; runKey: string };
  /** Runs that wait for it. */
  waiting: number;
}

/**
 * A run that is open, has destinations, and cannot go on: it needs a host of which no worker is there. It
 * waits for it as long as `store_wait` says.
 */
export interface StalledRun {
  run_key: string;
  workflow_id: string;
  host: string;
  store: string;
  /** Locks that it holds. */
  locks: string[];
  /** Runs that wait for them. */
  waiting: number;
}

/** A workflow that bears a lock's name and does not say who holds the destination: it may block it. */
export interface UnreadLock {
  lock_id: string;
  reason: string;
}

export interface Orphans {
  /** Runs that wait for a host which is not there. */
  stalled: StalledRun[];
  jobs: OfRunner<OrphanJob>[];
  unread: OfRunner<UnreadJob>[];
  staging: OrphanStaging[];
  locks: OrphanLock[];
  unread_locks: UnreadLock[];
}

/** How a run that is named by its key stands with Temporal. */
export type RunFate = 'open' | 'closed' | 'unknown';

/** What is asked of Temporal. */
export interface Runs {
  /** How that run of the workflow stands; asks the workflow itself, so that the answer is of now. */
  fateOfRun(run: { workflowId: string; runKey: string }): Promise<RunFate>;
  /** The host that an open run needs and that is not there; null if there is none, or the run does not say. */
  absentHostOf(run: { workflowId: string }): Promise<{ host: string; store: string } | null>;
  /** By the list of workflows, which may be seconds late. */
  fateOf(runKey: string): Promise<RunFate>;
  /**
   * Locks that are held.
   * @param unread is told of each that does not answer, or answers something else
   */
  heldLocks(unread?: (lock: UnreadLock) => void): AsyncIterable<{
    lockId: string;
    holder: OrphanLock['holder'];
    waiting: number;
  }>;
  /** Gives a lock back, if that run still holds it. */
  release(lockId: string, holder: OrphanLock['holder']): Promise<void>;
}
