import type { RunWindows } from '../shared/run/window.js';
import type { PreparedRun } from './contract/activities.js';

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
  /** What its runner has to go on with. */
  job: object;
}
