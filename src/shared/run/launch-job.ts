import type { DataflowTarget, JobState } from './job.js';
import type { RunWindows } from './window.js';

/** What a job reads, uploaded. All are `gs://` URIs. */
export interface UploadedRun {
  planUri: string;
  /** The connection profiles that the plan uses; null if it uses none. */
  profilesUri: string | null;
  /** Folder to which relative paths of the plan's sources are relative; null if it reads no file. */
  inputsUri: string | null;
}

export interface LaunchJob {
  target: DataflowTarget;
  uploaded: UploadedRun;
  runKey: string;
  jobName: string;
  /** Counts the launches of a run, from 1. */
  ordinal: number;
  /** ISO 8601; no job of this run is older. */
  startedAt: string;
  /** What the job reads of its incremental sources. */
  windows?: RunWindows | undefined;
  /** True if a job of this launch may be there already: it is looked for before one is launched. */
  mayExist: boolean;
  /** True if the run was reset: what an earlier execution of it left may be of no use any more. */
  wasReset: boolean;
}

export interface LaunchedJob {
  /** Null if a job has the name and is not listed yet: an event or a later look will tell its id. */
  jobId: string | null;
  state: JobState | null;
  /** True if an earlier attempt had launched it. */
  adopted: boolean;
  /**
   * Of a run that was reset, in place of a job: `skip` this launch ordinal, whose job is of no use
   * any more; or `upload again`, since the end of the earlier execution took away what was uploaded.
   */
  instead?: 'skip' | 'upload again';
}
