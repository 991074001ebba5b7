import type { LockRequest } from '../../shared/run/lock-request.js';
import type { ManifestStep } from '../../shared/run/manifest.js';
import type { Receipt } from '../../shared/run/receipt.js';
import type { RunWindows } from '../../shared/run/window.js';
import type { RunnerTarget } from '../../shared/run/job.js';
import type { RunPipelineInput } from '../../shared/run/run-input.js';

export type { LockRequest };

/** The short facts of a sink that the workflow and the receipt need. */
export interface PreparedSink {
  name: string;
  module: string;
  mode: 'replace' | 'append' | 'merge';
  onEmpty: 'truncate' | 'keep' | 'fail';
  /** Normalised name of the destination. */
  destination: string;
  /** Workflow id of the destination's lock. */
  lockId: string;
  location: string;
  /** True if its rows come from a source that is read in windows. */
  windowed?: true;
  /** Set if any host reaches the destination: the parameters that name it. */
  address?: unknown;
}

/** What an earlier run staged and did not publish whole. */
export interface UnfinishedRun {
  runKey: string;
  planSha256: string;
  staged: Staged;
  /** Sinks that it did not publish, in order. */
  sinks: string[];
  /** Its {@link RunReference.readAt}; absent where that is not known. */
  readAt?: string | undefined;
}

/** What a run reads of its incremental sources; nothing yet if an earlier run is to be finished first. */
export interface ResolvedWindows {
  windows: RunWindows;
  /** What a person should know of them. */
  notes: string[];
  unfinished: UnfinishedRun | null;
}

/**
 * 1: the first search attributes are set together with the first state.
 * 2: what any host can do, any host does: `bucket` and the sinks' `address` are in the answer of `prepare`.
 */
export type Revision = 1 | 2;

/** A run whose config was checked and pinned. Paths and ids only: plans travel by hash. */
export interface PreparedRun {
  pipeline: string;
  runKey: string;
  planSha256: string;
  /** Path of the config on the host that prepared it; absent for a plan that was pinned before. */
  config?: string;
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
  /**
   * Folder of an object store (`gs://…`) that has the plan, and will have what is staged: with it, no
   * activity needs a disk but for what is on one. Absent for the local runner.
   */
  bucket?: string;
  /** What the run's job reads is uploaded from that host: its connection profiles, or files. */
  uploads?: 'from host';
  sinks: PreparedSink[];
  /** Those that write inside the job; absent if there are none. */
  jobSinks?: { name: string; module: string; idempotence: string }[];
  /** Milliseconds that the whole run may take; null for no limit. */
  timeoutMs: number | null;
  /** Milliseconds to wait for somebody else's lock on a destination's file. */
  destinationWaitMs: number;
  /** As the input says, else as the config does. */
  runner: string;
  /** Where its job runs and how, as its runner resolved it; absent of one that runs here: {@link targetOf}. */
  target?: RunnerTarget;
  /** The same of the runner that was the only one to have a target. */
  dataflow: RunnerTarget | null;
  /** What a person should know of how the input was read, such as an argument that is ignored. */
  notes: string[];
  /** Names of the sources that are read in windows; absent if there are none. */
  incremental?: string[];
  /** Set for a run that only publishes what an earlier one staged. */
  completes?: UnfinishedRun;
  /**
   * Of the commands that the workflow makes for this run, as its code asked when it was prepared: what
   * later code does in another way leaves older histories alone. Absent means 0.
   */
  revision?: Revision;
}

/** Where the job of a run goes; null if its runner runs here. */
export function targetOf({
  target,
  dataflow,
}: Pick<PreparedRun, 'target' | 'dataflow'>): RunnerTarget | null {
  return target ?? dataflow ?? null;
}

/** What an activity is told about its run. */
export interface RunReference {
  runKey: string;
  planSha256: string;
  /** See {@link PreparedRun.config}. */
  config?: string;
  /** The local store of the host that prepared it. */
  storeId: string;
  /** See {@link PreparedRun.bucket}. */
  bucket?: string;
  /** Path on that host, or `gs://…`. */
  profiles: string | null;
  destinationWaitMs: number;
  /** What is read of the incremental sources, once that is frozen. */
  windows?: RunWindows;
  /**
   * ISO 8601: when the run looked at its destinations, before it read. What they had then was read before
   * it, so it is later than the same of each run whose rows they had, whatever clocks say.
   */
  readAt?: string | undefined;
}

/** What the job of a run reads, where any host and the job find it; a runner may know more of it. */
export interface Provided {
  /** URI of the connection profiles that the plan uses; null if it uses none. */
  profilesUri: string | null;
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
  /** Of the sinks that write inside the job; absent if there are none. */
  written?: Record<string, { rows: number; bytes: number; idempotence: string }>;
  rowsRead: number;
  /** Rows that several sinks take count once. */
  rowsStaged: number;
  rowsRejected: number;
}

export interface Published {
  version: number;
  rows: number;
  bytes: number;
  /** See `ReceiptSink`. */
  replaced?: number;
}

export interface SinkReference {
  sink: string;
  /** The destination's version that the commit builds on. */
  baseVersion: number;
  /** Publish a window although it, or a later one, was committed before. */
  again?: boolean;
  /** Set where any host may fence: where the destination is, without a look at the plan. */
  address?: { module: string; destination: string; parameters: Record<string, unknown> };
  /** Publish rows although newer ones are there. */
  overNewer?: boolean;
}

/** Where a sink's destination stands. */
export interface InspectedSink {
  version: number;
  /** {@link RunReference.readAt} of the run whose rows it has, of the last one to read; null if none. */
  readAt: string | null;
}

/**
 * The activities of `runPipeline`. Each is safe to run twice. `prepare`, `requestLock` and `isRunOpen` run
 * on any worker, and each other one on any worker if it needs nothing of the disk of the run's store, else on
 * the task queue of that store (`routes.ts`). A runner has others of its own.
 */
export interface PipelineActivities {
  /**
   * Checks the config and pins the plan.
   * @param revision that the workflow's code knows; it is in the answer
   * @param checked see `RunMemo.config_sha256`: a config that is another one here is refused
   */
  prepare(
    input: RunPipelineInput,
    firstExecutionRunId: string,
    revision?: Revision,
    checked?: string,
  ): Promise<PreparedRun>;
  /**
   * Asks the lock workflow of a destination for it; true if the run has it now. Else the lock tells it
   * by a signal when its turn has come.
   * @param takesAnswer the workflow's code takes a true for the lock; older code waits for the signal
   */
  requestLock(
    lockId: string,
    destination: string,
    request: LockRequest,
    takesAnswer?: true,
  ): Promise<boolean>;
  /** Whether the run that holds a lock still exists. */
  isRunOpen(request: LockRequest): Promise<boolean>;
  /**
   * Where each sink's destination stands.
   * @param takesOrder the workflow's code takes more than the version; older code wants that alone
   * @param only names of the sinks; default: all
   */
  inspectDestinations(
    run: RunReference,
    takesOrder?: boolean,
    only?: string[],
  ): Promise<Record<string, number | InspectedSink>>;
  /**
   * Freezes what the run reads of its incremental sources.
   * @param request.time ISO 8601: the time that the run stands for
   * @param request.given the run's own window, of every incremental source
   * @param request.again publish it, though it was published before
   */
  resolveWindows(
    run: RunReference,
    request: {
      time: string;
      given?: { start?: string; end?: string } | undefined;
      again?: boolean | undefined;
    },
  ): Promise<ResolvedWindows>;
  /** Checks that what was staged adds up. */
  audit(run: RunReference, staged: Staged): Promise<Audit>;
  /** Commits one sink. */
  publish(run: RunReference, staged: Staged, sink: SinkReference): Promise<Published>;
  /** Makes sure that a publish of this run that may still sleep commits nothing. */
  fence(run: RunReference, sink: SinkReference): Promise<Published | null>;
  /**
   * Keeps the receipt and removes the run's staging, in the object store too if there is a target.
   * @returns the sinks of the receipt that it kept, if it found commits of an earlier execution
   */
  finish(
    run: RunReference,
    receipt: Receipt,
    target: RunnerTarget | null,
  ): Promise<Receipt['sinks'] | null | void>;
}
