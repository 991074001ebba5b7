import type { DataflowTarget } from '../../shared/run/job.js';
import type { RunWindows } from '../../shared/run/window.js';
import type {
  JobActivities,
  PreparedRun,
  RunReference,
  UploadedRun,
} from '../contract/activities.js';
import type { JobEvents } from './job-events.js';
import type { RunRecord } from '../record/run-record.js';

/** What the steps of a run's job have in common. */
export interface JobContext {
  prepared: PreparedRun;
  run: RunReference;
  target: DataflowTarget;
  allowPlaintextProfile: boolean;
  record: RunRecord;
  events: JobEvents;
  activities: JobActivities;
  /** When the run was started, also where its workflow was continued as new. */
  startedAt: Date;
  /** True if the run was reset: an earlier execution may have launched jobs, and have ended. */
  wasReset: boolean;
  /** Goes on in a new execution, whose history is empty; returns only if that is not needed. */
  continueIfLong(job: ResumedJob): Promise<void>;
  /** Whether the history has grown so long that it should be continued. */
  isLong(): boolean;
}

/** A launch under way, as it is carried into a new execution of the workflow. */
export interface ResumedJob {
  uploaded: UploadedRun;
  ordinal: number;
  launches: number;
  jobId: string;
}

/** What a run had done before its history, which had grown long, was continued as new. */
export interface ResumedRun {
  prepared: PreparedRun;
  /** ISO 8601. */
  startedAt: string;
  /** Milliseconds since 1970; null for no deadline. */
  deadlineAt: number | null;
  windows?: RunWindows;
  /** See `RunReference`; absent of a run that was continued by an older version. */
  readAt?: string;
  /** Destination → id of its lock, all granted. */
  locks: Record<string, string>;
  /** Sink → version of its destination that a commit builds on. */
  versions: Record<string, number>;
  /** Notes for the receipt. */
  notes: string[];
  job: ResumedJob;
}
