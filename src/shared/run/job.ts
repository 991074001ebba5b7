/**
 * States of a Dataflow job, as the API names them (v1b3 `JobState`).
 * Source: https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs#jobstate
 */
export const jobStates = [
  'JOB_STATE_UNKNOWN',
  'JOB_STATE_STOPPED',
  'JOB_STATE_RUNNING',
  'JOB_STATE_DONE',
  'JOB_STATE_FAILED',
  'JOB_STATE_CANCELLED',
  'JOB_STATE_UPDATED',
  'JOB_STATE_DRAINING',
  'JOB_STATE_DRAINED',
  'JOB_STATE_PENDING',
  'JOB_STATE_CANCELLING',
  'JOB_STATE_QUEUED',
  'JOB_STATE_RESOURCE_CLEANING_UP',
  'JOB_STATE_PAUSING', // "Not implemented yet", as the service's protos say.
  'JOB_STATE_PAUSED',
] as const;
export type JobState = (typeof jobStates)[number];

/** Where a job lives: the three travel together, since an id means nothing in another region. */
export interface JobReference {
  project: string;
  region: string;
  jobId: string;
}

/**
 * How a job is launched: the settings file, then the config's `launch`, then the run's own, merged.
 * Named as the API names them (`FlexTemplateRuntimeEnvironment`, `LaunchFlexTemplateParameter`).
 */
export interface LaunchOptions {
  /** `gs://` path of the template's spec. */
  containerSpecGcsPath?: string;
  region?: string;
  numWorkers?: number;
  maxWorkers?: number;
  machineType?: string;
  launcherMachineType?: string;
  network?: string;
  subnetwork?: string;
  zone?: string;
  workerRegion?: string;
  workerZone?: string;
  sdkContainerImage?: string;
  serviceAccountEmail?: string;
  ipConfiguration?: 'private' | 'public';
  stagingLocation?: string;
  tempLocation?: string;
  kmsKeyName?: string;
  additionalExperiments?: string[];
  /** Further Beam pipeline options, by name. */
  additionalPipelineOptions?: Record<string, string>;
  additionalUserLabels?: Record<string, string>;
  enableStreamingEngine?: boolean;
  flexrsGoal?: 'speed_optimized' | 'cost_optimized';
  diskSizeGb?: number;
  /** Launches at most: a failed job is followed by the next launch ordinal. Default 1. */
  attempts?: number;
  /** Duration such as `15m`: the first look at a job of which no event came. */
  reconcileAfter?: string;
  /** Duration such as `30m`: how long a job may stay in CANCELLING before it is cancelled by force. */
  forceCancelAfter?: string;
}

/** Where a run's job goes, and how, as its runner resolved it: frozen in the workflow's history. */
export interface RunnerTarget {
  /** Folder of an object store, `gs://…` without a slash at its end: staging and receipts are below. */
  readonly store: string;
  /** How it is launched, complete. */
  readonly launch?: object;
}

/** What a run on Dataflow was resolved to; frozen in the workflow's history. */
export interface DataflowTarget {
  project: string;
  region: string;
  /** `gs://bucket/prefix`, without a slash at its end: plans, inputs, staging and receipts are below. */
  store: string;
  /** Names this installation: two in one project never touch each other's jobs. */
  deployment: string;
  /** Base URL of the console that shows jobs: Google's, or the emulator's. */
  console: string;
  launch: LaunchOptions & { containerSpecGcsPath: string; attempts: number };
  /** Milliseconds to the first look at a job of which no event came. */
  reconcileAfterMs: number;
  /** Milliseconds that a job may stay in CANCELLING before it is cancelled by force. */
  forceCancelAfterMs: number;
}

/** A job as the API describes it, in short. */
export interface JobView {
  jobId: string;
  jobName: string;
  state: JobState;
  /** ISO 8601; when the state was entered. */
  stateTime?: string;
  /** ISO 8601. */
  createTime?: string;
  type: 'batch' | 'streaming';
  labels: Record<string, string>;
  replacedByJobId?: string;
}

/** The signal `jobStateChanged`: what an event claims of a job. A hint, never the truth. */
export interface JobEvent {
  jobId: string;
  jobName: string;
  project: string;
  region: string;
  state: JobState;
  /** Label `beamline-run` of the job: its run's key. */
  runKey: string;
  /** Label `beamline-ordinal`: the launch it came from. */
  ordinal: number;
}

/** One line of a job's log. */
export interface JobMessage {
  /** ISO 8601. */
  time: string;
  /** `error`, `warning`, `basic`, `detailed` or `debug`. */
  importance: 'error' | 'warning' | 'basic' | 'detailed' | 'debug';
  text: string;
}

/** What a finished job consumed and did; null where the service does not say. */
export interface JobMetrics {
  /** Rows that left each step, by its name in the config. */
  rows: Record<string, number>;
  vcpuHours: number | null;
  memoryGbHours: number | null;
  diskGbHours: number | null;
  shuffleGb: number | null;
}

/** Prices of what a batch job consumes; the key `prices` of the settings has this form. */
export interface Prices {
  /** ISO 4217. */
  currency: string;
  vcpu_hour: number;
  memory_gb_hour: number;
  /** Standard persistent disk. */
  disk_gb_hour: number;
  /** Per GB that goes through Dataflow Shuffle and is charged. */
  shuffle_gb: number;
}

/** An estimate, from list prices that the user can override. */
export interface CostEstimate {
  amount: number;
  currency: string;
  /** Which price table: `settings`, or the date of the built-in one. */
  prices: string;
}

/** The causes that `causeOf` tells apart. */
export const jobCauses = [
  'permission',
  'image_pull',
  'out_of_memory',
  'quota',
  'network',
  'database_login',
  'schema_mismatch',
  'user_sql',
  'launcher',
  'unknown',
] as const;
export type JobCause = (typeof jobCauses)[number];

/** Why a job failed, in words. */
export interface JobFailure {
  cause: JobCause;
  /** One sentence with the service's or the traceback's own words. */
  message: string;
  /** Whether another attempt can help without a change. */
  retryHelps: boolean;
  /** What to do next. */
  next: string;
  /** True if that is a change of the config or of launch options, which a rerun repeats as they were pinned. */
  inConfig?: true;
  /** The messages that say so, newest first, at most a few. */
  evidence: JobMessage[];
  /** Step of the config at fault, where the message names it. */
  step?: string;
}

/** What is known of a job when it has ended. */
export interface JobReport {
  metrics: JobMetrics | null;
  cost: CostEstimate | null;
  failure: JobFailure | null;
}

/** A run's job, in its receipt and its status. */
export interface ReceiptJob {
  project: string;
  region: string;
  job_id: string;
  job_name: string;
  state: JobState;
  /** The job's page in the Google Cloud console. */
  url: string;
  /** Launch ordinal: 1 unless a job before it failed. */
  launch: number;
  /** True if the job did not end in time after a cancellation and was cancelled by force. */
  force_cancelled?: boolean;
  metrics?: JobMetrics | null;
  cost?: CostEstimate | null;
  failure?: JobFailure;
}
