import type { ManifestStep } from '../shared/manifest.js';
import type { Receipt } from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';

/** The short facts of a sink that the workflow and the receipt need. */
export interface PreparedSink {
  name: string;
  module: string;
  mode: 'replace' | 'append';
  onEmpty: 'truncate' | 'keep' | 'fail';
  /** Normalised name of the destination. */
  destination: string;
  /** Workflow id of the destination's lock. */
  lockId: string;
  location: string;
}

/** A run whose config was checked and pinned. Paths and ids only: plans travel by hash. */
export interface PreparedRun {
  pipeline: string;
  runKey: string;
  planSha256: string;
  /** Values of the config's arguments, defaults included. */
  args: Record<string, unknown>;
  /** The local store that holds the run's files, and the queue that reaches its workers. */
  store: {
    id: string;
    host: string;
    root: string;
    taskQueue: string;
    /** Milliseconds to wait for a worker of that store. */
    waitMs: number;
  };
  /** Path of the connection profiles on that host. */
  profiles: string | null;
  sinks: PreparedSink[];
  /** Milliseconds that the whole run may take; null for no limit. */
  timeoutMs: number | null;
  /** Milliseconds to wait for somebody else's lock on a destination's file. */
  destinationWaitMs: number;
}

/** What an activity on the store's own queue is told about its run. */
export interface RunReference {
  runKey: string;
  planSha256: string;
  storeId: string;
  profiles: string | null;
  destinationWaitMs: number;
}

export interface Staged {
  manifestUri: string;
  manifestSha256: string;
  /** Number of the activity attempt that staged it. */
  attempt: number;
}

/** The manifest in short, after it was found to add up. */
export interface Audit {
  steps: Record<string, ManifestStep>;
  sinks: Record<string, { rows: number; bytes: number }>;
  rowsRead: number;
  rowsStaged: number;
  rowsRejected: number;
}

export interface Published {
  version: number;
  rows: number;
  bytes: number;
}

/** Who asks for a destination. */
export interface LockRequest {
  workflowId: string;
  runKey: string;
}

export interface SinkReference {
  sink: string;
  /** The destination's version that the commit builds on. */
  baseVersion: number;
}

/**
 * The activities of `runPipeline`. Each is safe to run twice. `prepare` runs on any worker,
 * `requestLock` and `isRunOpen` too; the others on the task queue of the run's store.
 */
export interface PipelineActivities {
  /** Checks the config and pins the plan. */
  prepare(input: RunPipelineInput, firstExecutionRunId: string): Promise<PreparedRun>;
  /** Asks the lock workflow of a destination for it; the answer is a signal. */
  requestLock(lockId: string, destination: string, request: LockRequest): Promise<void>;
  /** Whether the run that holds a lock still exists. */
  isRunOpen(request: LockRequest): Promise<boolean>;
  /** The committed version of each sink's destination. */
  inspectDestinations(run: RunReference): Promise<Record<string, number>>;
  /** Runs the Beam pipeline in a child process; heartbeats carry its progress. */
  runBeam(run: RunReference): Promise<Staged>;
  /** Checks that what was staged adds up. */
  audit(run: RunReference, staged: Staged): Promise<Audit>;
  /** Commits one sink. */
  publish(run: RunReference, staged: Staged, sink: SinkReference): Promise<Published>;
  /** Makes sure that a publish of this run that may still sleep commits nothing. */
  fence(run: RunReference, sink: SinkReference): Promise<Published | null>;
  /** Keeps the receipt and removes the run's staging. */
  finish(run: RunReference, receipt: Receipt): Promise<void>;
}
