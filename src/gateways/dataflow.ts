import type {
  CostEstimate,
  DataflowTarget,
  JobMessage,
  JobMetrics,
  JobReference,
  JobState,
  JobView,
  LaunchOptions,
  Prices,
} from '../shared/run/job.js';

/** What a launch asks for, complete. */
export interface LaunchRequest {
  project: string;
  region: string;
  jobName: string;
  labels: Record<string, string>;
  /** Parameters of the template. */
  parameters: Record<string, string>;
  launch: LaunchOptions & { containerSpecGcsPath: string };
  validateOnly?: boolean;
}

/** Thrown when a job of that name is active already: the service says no more. */
export class JobNameTaken extends Error {
  override readonly name = 'JobNameTaken';
}

/** Thrown when there is no such job in that project and region. */
export class JobNotFound extends Error {
  override readonly name = 'JobNotFound';
}

/** Thrown when the service refuses for good: a wrong argument, a permission, a missing API. */
export class DataflowRefused extends Error {
  override readonly name = 'DataflowRefused';
  constructor(
    message: string,
    /** Name of the gRPC status, such as `PERMISSION_DENIED`. */
    readonly status: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown when the service cannot be reached, is overloaded or over quota: try again later. */
export class DataflowUnavailable extends Error {
  override readonly name = 'DataflowUnavailable';
}

/** Thrown when a job is in a state that this version does not know: whoever goes on might do harm. */
export class UnknownJobState extends Error {
  override readonly name = 'UnknownJobState';
  constructor(
    readonly jobId: string,
    /** As the service names it. */
    readonly state: string,
    readonly jobName = '',
    /** Empty if only a summary was read. */
    readonly labels: Readonly<Record<string, string>> = {},
  ) {
    super(`job ${jobId} is in the state ${state}, which this version of Beamline does not know`);
  }
}

/** The Dataflow service, as Beamline needs it. Every method may throw the errors above. */
export interface Dataflow {
  /**
   * Connects as far as that can be done without asking the service anything: finds credentials and
   * fetches a token, so that the next call is sent at once. Optional to call; twice does no harm.
   */
  prepare?(): Promise<void>;
  /**
   * Launches a Flex Template job.
   * @returns null for `validateOnly`
   * @throws {@link JobNameTaken}
   */
  launch(request: LaunchRequest): Promise<JobView | null>;
  /** @throws {@link JobNotFound}, {@link UnknownJobState} */
  get(job: JobReference): Promise<JobView>;
  /**
   * Jobs of a project and region, the newest first; QUEUED jobs may be missing.
   * @throws {@link UnknownJobState} for a job with Beamline's labels, unless `unread` takes it
   */
  list(where: {
    project: string;
    region: string;
    filter: 'ACTIVE' | 'TERMINATED' | 'ALL';
    /** Only jobs created at this time (ISO 8601) or later. */
    createdSince?: string;
    /** Only jobs of exactly that name. */
    name?: string;
    /** Told of each job in a state that this version does not know; the list goes on. */
    unread?: (job: UnknownJobState) => void;
  }): AsyncIterable<JobView>;
  /** Asks for another state; asking twice is asking once. `force` with a cancellation only. */
  request(
    job: JobReference,
    state: Extract<JobState, 'JOB_STATE_CANCELLED' | 'JOB_STATE_DRAINED'>,
    options?: { force?: boolean },
  ): Promise<void>;
  /** Messages of at least that importance, oldest first. */
  messages(
    job: JobReference,
    options?: { minimum?: JobMessage['importance']; since?: string },
  ): Promise<JobMessage[]>;
  metrics(job: JobReference): Promise<JobMetrics>;
  close(): Promise<void>;
}

/** What is asked of the service that a runner's jobs are on. */
export type JobService = Omit<Dataflow, 'launch' | 'prepare'>;

/** What a launch that is only asked about would run. */
export interface PlanToLaunch {
  pipeline: string;
  planSha256: string;
  /** Whether its job would read connection profiles. */
  hasProfiles: boolean;
}

/** The service of a runner that has one (`src/runners/<name>/service.ts`, export `service`). */
export interface RunnerService {
  /** Whoever opens it closes it. */
  open(this: void): Promise<JobService>;
  /**
   * Asks whether it would take a launch; nothing is launched.
   * @param target what the runner's `target` has resolved
   * @throws `DataflowRefused`, whose message says what to do, or `DataflowUnavailable`
   */
  wouldTake(this: void, target: DataflowTarget, plan: PlanToLaunch): Promise<void>;
  /** What a job has cost, about; null if what it consumed or the prices of its region are not known. */
  costOf(
    this: void,
    metrics: JobMetrics | null,
    region: string,
    prices: Partial<Prices>,
  ): CostEstimate | null;
}
