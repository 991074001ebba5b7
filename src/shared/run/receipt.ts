import type { LaunchOptions, ReceiptJob } from './job.js';
import type { RunPipelineInput } from './run-input.js';
import type { RunWindows } from './window.js';

/** Every way a run can end. */
export const outcomes = [
  'succeeded',
  'failed',
  'cancelled',
  'cancelled_outside',
  'deadline_exceeded',
  'drained',
  'updated',
] as const;
export type Outcome = (typeof outcomes)[number];

/** The failure type with which a workflow ends, where the outcome has one of its own. */
export const outcomeFailureTypes = {
  cancelled_outside: 'CancelledOutside',
  deadline_exceeded: 'DeadlineExceeded',
  drained: 'Drained',
  updated: 'Updated',
} as const satisfies Partial<Record<Outcome, string>>;

/** Where a run is; the `BeamlineState` search attribute, and an {@link Outcome} at the end. */
export const runStates = ['preparing', 'queued', 'running', 'auditing', 'publishing'] as const;
export type RunState = (typeof runStates)[number] | Outcome;

export interface ReceiptStep {
  name: string;
  kind: 'source' | 'transform';
  module: string;
  rows_in: number | null;
  rows_out: number;
  rows_rejected: number;
  consistency?: 'snapshot' | 'per_range';
}

export interface ReceiptSink {
  name: string;
  module: string;
  mode: string;
  /** The destination's normalised name, as in its lock. */
  destination: string;
  rows: number;
  bytes: number;
  /** Rows of the table in whose place a merge put its own, where the destination knows. */
  replaced?: number;
  /**
   * `published`: committed by this run; `kept`: left alone, since the result was empty or an earlier
   * run had published it; `unpublished`:
   * untouched; `uncertain`: a publish was begun, and nobody could look whether it was committed.
   */
  state: 'published' | 'kept' | 'unpublished' | 'uncertain';
  /** Version of the destination after the commit. */
  version?: number;
  /** What a person would look at: a table, a folder. */
  location?: string;
  /** Run key of the later run that published what this one had staged. */
  published_by?: string;
}

/** A sink that wrote inside the job. */
export interface ReceiptWrite {
  name: string;
  module: string;
  /**
   * `written`: all rows, which were counted; `uncertain`: the job began, and was not counted at its end: any of
   * its rows may have been written; `unwritten`: no job began.
   */
  state: 'written' | 'uncertain' | 'unwritten';
  rows: number;
  bytes: number;
  /** What a row does that is written again, as by an attempt that was made again. */
  idempotence: string;
}

/** Where the files of a run were. */
export interface ReceiptStore {
  /** Of the local store of the host that prepared it. */
  id: string;
  host: string;
  /** Folder in an object store by which any host can do what is left of the run: see `uploads`. */
  bucket?: string;
  /** Its job read files or connection profiles of that host. */
  uploads?: 'from host';
}

/** What a run read, wrote and rejected, how long it took, and where things are. */
export interface Receipt {
  version: 1;
  outcome: Outcome;
  run_key: string;
  workflow_id: string;
  run_id: string;
  pipeline: string;
  config: string;
  /** What the run was started with; absent in receipts of before it was kept. */
  input?: RunPipelineInput;
  /** The workers' task queue; absent with `input`. */
  task_queue?: string;
  plan_sha256: string | null;
  runner: string;
  args: Record<string, unknown>;
  /** Path of the connection profiles on the store's host; null if none were used. */
  profiles: string | null;
  /** The local store that held the run's files; null if the run ended before it had one. */
  store: ReceiptStore | null;
  /** Run key of the run whose plan was run again. */
  rerun_of?: string;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
  duration_ms: number;
  /** Attempts of `runBeam`; 1 when nothing went wrong. */
  attempts: number;
  rows_read: number;
  /** Rows that several sinks take count once; in receipts of before, for each of them. */
  rows_staged: number;
  rows_rejected: number;
  steps: ReceiptStep[];
  sinks: ReceiptSink[];
  /** Of the sinks that write inside the job; absent if there are none. */
  written?: ReceiptWrite[];
  /** ISO 8601: the time that the run stands for, and its windows end with. */
  time?: string;
  /** What was read of each incremental source. */
  windows?: RunWindows;
  /** ISO 8601: nothing that was read is older; see `RunReference.readAt`. */
  read_at?: string;
  /** Run keys of earlier runs that this one finished. */
  completed?: string[];
  /** What this run published of what earlier ones had staged. */
  finished?: {
    run_key: string;
    sink: string;
    version: number;
    rows: number;
    bytes: number;
    replaced?: number;
  }[];
  /** What was staged and is not published yet, of a run that published only some of its sinks. */
  left?: {
    staged: { manifestUri: string; manifestSha256: string; attempt: number };
    sinks: string[];
  };
  /** How the run's jobs were to be launched, complete; absent for the local runner. */
  launch?: LaunchOptions;
  /** The run's Dataflow job; absent for the local runner, or if none was launched. */
  job?: ReceiptJob;
  /** Beside `job`, as the result of satokiyo/pydataflow-template's workflow names them. */
  message?: string;
  job_id?: string;
  job_name?: string;
  /** What a person should know of how the input was read. */
  notes?: string[];
  /** `type` is a `FailureType`, or one of {@link outcomeFailureTypes}. */
  failure?: {
    type: string;
    message: string;
    step?: string;
    cause?: string;
    /** Run key of the earlier run whose rows were to be published first. */
    earlier_run?: string;
  };
}
