import type { OnSchemaChange, SinkMode } from '../../destinations/destination.js';
import type { DurationUnit } from '../../shared/duration.js';
import type { LaunchOptions } from '../../shared/run/job.js';
import type { ArgValue } from '../checks/arguments.js';

export type OnEmpty = 'truncate' | 'keep' | 'fail';

export interface PlannedSource {
  name: string;
  module: string;
  parameters: Record<string, unknown>;
  /** Of a source that is read in windows. */
  incremental?: PlannedIncremental;
}

/** How a source is read in windows. */
export interface PlannedIncremental {
  column: string;
  /** From where a window ended, else the destination's greatest value; or this far back from the run's time. */
  from: 'max_value_in_destination' | { count: number; unit: DurationUnit };
  /** Name of the sink whose destination is asked for its greatest value, where nothing is recorded. */
  destination_sink: string | null;
  /** How late rows may come: milliseconds, or a number for an integer column. */
  lag: { ms: number } | { count: number } | null;
  /** Where the first load begins, as the config says it. */
  initial_value: string | null;
}

export interface PlannedTransform extends PlannedSource {
  inputs: string[];
}

export interface PlannedSink extends PlannedSource {
  input: string;
  mode: SinkMode;
  /** For `mode: merge`. */
  merge?: { keys: string[]; order: string[] | null };
  /** Absent in a plan that an older version pinned: `fail`. */
  on_schema_change?: OnSchemaChange;
  on_empty: OnEmpty;
  /** The destination's normalised name: the key of its lock. It is not pinned: it names a host's store. */
  destination: string;
}

/** A sink that writes inside the job: nothing of it is staged or published. */
export interface PlannedJobSink extends PlannedSource {
  input: string;
  /** What a row does that is written again, by the module's own word. */
  idempotence: string;
}

/** What a run does, with nothing left open but secrets (docs/contracts.md, section 2). */
export interface Plan {
  version: 1;
  name: string;
  timezone: string;
  /** Milliseconds that the whole run may take. */
  timeout_ms?: number;
  /** Milliseconds to wait for somebody else's lock on a destination. */
  destination_wait_ms: number;
  sources: PlannedSource[];
  transforms: PlannedTransform[];
  /** Those that are published. */
  sinks: PlannedSink[];
  /** Those that write inside the job; absent if there are none, as in every plan of before. */
  job_sinks?: PlannedJobSink[];
}

/** A plan as it is pinned, equal on every host: see `located`. */
export interface PinnedPlan extends Omit<Plan, 'sinks'> {
  /** A plan that an older version pinned has the destination. */
  sinks: (Omit<PlannedSink, 'destination'> & Partial<Pick<PlannedSink, 'destination'>>)[];
}

/** Where one sink publishes. */
export interface PlannedDestination {
  sink: string;
  module: string;
  mode: SinkMode;
  on_empty: OnEmpty;
  /** The destination's normalised name: equal for two sinks that share it. */
  key: string;
  /** What a person would look at: a table, a folder. */
  location: string;
}

export interface BuiltPlan {
  plan: Plan;
  /** The bytes of the `PinnedPlan`: equal configs and arguments give equal ones, on every host. */
  canonicalJson: string;
  /** sha256 of `canonicalJson`, hexadecimal. */
  sha256: string;
  destinations: PlannedDestination[];
  /** sha256 of what was written: the config and the files whose texts it takes; null for a pinned plan. */
  written: string | null;
  /** Every argument's value, defaults included. */
  args: Record<string, ArgValue>;
  /** Absolute path of the connection profiles; null if the config uses none. */
  profiles: string | null;
  /** Where Beam runs and how it is launched, as the config says: a run may say otherwise. */
  runner: string;
  launch: LaunchOptions;
}
