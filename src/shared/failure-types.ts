/**
 * Every failure type of a run: who must act, and whether another attempt can help.
 *
 * The Python side has the same list (`beam_pipeline/errors.py`); a test compares them.
 */
export const failureTypes = {
  /** The config or an argument is wrong. */
  ConfigError: { actor: 'author', retryable: false },
  /**
   * What the config refers to is not there, or is not as it must be: a file, a table, a dataset, a
   * connection profile or something that it names.
   */
  ResourceError: { actor: 'operator', retryable: false },
  /** A SQL text is wrong; the message shows the position. */
  SqlError: { actor: 'author', retryable: false },
  /** The data cannot be represented exactly, or a file is malformed. */
  DataError: { actor: 'author', retryable: false },
  /** A server refused the user or the password, or the database does not exist. */
  AuthenticationError: { actor: 'operator', retryable: false },
  /** A file or folder may not be read or written. */
  PermissionDenied: { actor: 'operator', retryable: false },
  /** No space is left where data is staged or published. */
  StorageFull: { actor: 'operator', retryable: false },
  /** A server cannot be reached or the connection broke. */
  ConnectionLost: { actor: 'retry', retryable: true },
  /** The Beam process ended without saying why. */
  BeamCrashed: { actor: 'retry', retryable: true },
  /** The Beam process stopped giving signs of life and was ended. */
  BeamStalled: { actor: 'retry', retryable: true },
  /** The process that commits to a destination ended without an answer; the commit is all or nothing. */
  PublisherCrashed: { actor: 'retry', retryable: true },
  /** The worker was asked to stop; another one, or the same after its restart, goes on. */
  WorkerShutdown: { actor: 'retry', retryable: true },
  /** The Dataflow service cannot be reached, is overloaded or over quota. */
  DataflowUnavailable: { actor: 'retry', retryable: true },
  /** Dataflow refuses to launch the job: an option, a permission or an API is wrong. */
  LaunchRefused: { actor: 'operator', retryable: false },
  /** A job of that name is active and belongs to somebody else. */
  LaunchConflict: { actor: 'operator', retryable: false },
  /** The job failed. */
  JobFailed: { actor: 'operator', retryable: false },
  /** The job does not exist any more in its project and region. */
  JobLost: { actor: 'operator', retryable: false },
  /** An object store refuses, or lacks what this run put there. */
  ObjectStoreRefused: { actor: 'operator', retryable: false },
  /** What was staged is not what the config asks for: no row, and `on_empty` is `fail`. */
  AuditFailed: { actor: 'author', retryable: false },
  /** What was staged is not there any more, was changed, or does not add up. */
  StagingDamaged: { actor: 'operator', retryable: false },
  /** The destination stayed locked for longer than `destination_wait`. */
  DestinationBusy: { actor: 'operator', retryable: false },
  /** Another run published to the destination since this one looked at it. */
  VersionTaken: { actor: 'operator', retryable: false },
  /** The window of an append, or a part of it, was published before: again, its rows would be there twice. */
  WindowCommitted: { actor: 'operator', retryable: false },
  /** Rows that were read later than this run's are there: they would go back to older ones. */
  NewerCommitted: { actor: 'operator', retryable: false },
  /** No worker serves the local store that holds this run's files. */
  StoreUnavailable: { actor: 'operator', retryable: false },
  /** The run was cancelled or terminated meanwhile: there is nothing to do any more. */
  RunEnded: { actor: 'operator', retryable: false },
  /** A defect of Beamline: please report it. */
  InternalError: { actor: 'retry', retryable: true },
} as const satisfies Record<string, { actor: 'author' | 'operator' | 'retry'; retryable: boolean }>;

export type FailureType = keyof typeof failureTypes;

/** What a failure carries beside its message: the first detail of its `ApplicationFailure`. */
export interface FailureDetail {
  /** Name of the source, transform or sink at fault. */
  step?: string | undefined;
  /** The last line of the Python traceback, or the error beneath. */
  cause?: string;
  /** Number of the activity attempt that failed, where the activity says it. */
  attempt?: number;
  /** Run key of an earlier run whose rows could not be published. */
  earlierRun?: string;
  /** The last lines of the child's standard error. */
  stderr?: string[];
}

export function isFailureType(name: string | null | undefined): name is FailureType {
  return typeof name === 'string' && Object.hasOwn(failureTypes, name);
}
