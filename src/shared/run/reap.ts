/** The argument of the workflow `reapOrphans`; without it nothing is ended or removed. */
export interface ReapInput {
  /** What is asked of jobs whose run is gone. Default: nothing. */
  jobs?: 'cancel' | 'drain';
  /** Whether staging of closed runs is removed, and locks of gone runs are given back. */
  clean?: boolean;
  /** Regions to look at beside that of the settings. */
  regions?: string[];
}

/** What `reapOrphans` found and did: names only, a workflow's result is small. */
export interface Reaped {
  /** Ids of jobs whose run is gone. */
  jobs: string[];
  /** Ids of the jobs that were asked to end. */
  asked: string[];
  /** Jobs that could not be read or ended, and why. */
  failed: { job: string; reason: string }[];
  /** Run keys of staging and profiles that were found, and removed. */
  staging: string[];
  removed: string[];
  /** Run keys of open runs that hold destinations and wait for a host which is not there. */
  stalled: string[];
  /** Locks whose holder is gone, and that were given back. */
  locks: string[];
  released: string[];
}

/** The activity behind the workflow. */
export interface ReapActivities {
  /** Finds what runs that are gone left behind, and does about it what the input says. Safe twice. */
  reap(input: ReapInput): Promise<Reaped>;
}
