import type { z } from 'zod';
import type { ManifestSink } from '../shared/run/manifest.js';
import type {
  CursorType,
  CursorValue,
  RecordedCursor,
  SourceWindow,
} from '../shared/run/window.js';

/** Where a worker keeps its files: local destinations are named relative to it. */
export interface DestinationContext {
  /** The project root: relative paths of a config start here. */
  root: string;
  /** Id of the local store, so that two hosts' equal paths are two destinations. */
  storeId: string;
}

export const sinkModes = ['replace', 'append', 'merge'] as const;
export type SinkMode = (typeof sinkModes)[number];

/** What a publish does about columns that the table has not, or that the run does not bring. */
export const onSchemaChanges = [
  /** Refuse, naming them. */
  'fail',
  /** Add new columns to the table; a column that the run does not bring is NULL in its rows. */
  'add_columns',
  /** Leave new columns out; a column that the run does not bring is NULL in its rows. */
  'discard',
] as const;
export type OnSchemaChange = (typeof onSchemaChanges)[number];

/** How a merge finds the rows that it replaces. */
export interface Merge {
  /** Columns whose values name a row. */
  keys: string[];
  /**
   * Columns by which the last of several staged rows with one key is chosen: the greatest values win,
   * NULL is the least. Null: several rows with one key are refused.
   */
  order: string[] | null;
  /**
   * Set if the one key is the column that the sink's source is read by: every row of the destination
   * in this window is replaced by what is staged, and several rows may have one key.
   */
  window: SourceWindow | null;
}

/** What a run brings a sink of one incremental source. */
export interface SinkWindow extends SourceWindow {
  /** See `cursorKey`. */
  key: string;
}

/** The run that makes a commit, as the destination remembers it: the next run completes what it left. */
export interface CommitOrigin {
  pipeline: string;
  planSha256: string;
  manifestUri: string;
  manifestSha256: string;
  storeId: string;
  /** Every sink of the run, in the order of publishing. */
  sinks: string[];
}

/** What identifies one commit: the destination's version it builds on, and the run that makes it. */
export interface CommitIdentity {
  destination: string;
  /** The destination's version before this commit; the commit makes it `baseVersion + 1`. */
  baseVersion: number;
  runKey: string;
  sink: string;
}

export interface PublishRequest extends CommitIdentity {
  mode: SinkMode;
  /** Set for `mode: merge`. */
  merge: Merge | null;
  onSchemaChange: OnSchemaChange;
  /** Windows of the incremental sources that the sink's rows come from; recorded with the commit. */
  windows: SinkWindow[];
  /** Publish a window although it, or a part of it, was committed before, or a later one. */
  again: boolean;
  /**
   * ISO 8601 in UTC with milliseconds: no row of this was read before it, and after it none that the
   * destination had then was still to be committed. Null of a run of a version that did not know it.
   */
  readAt: string | null;
  /** Publish rows although newer ones are there. */
  overNewer: boolean;
  origin: CommitOrigin;
  manifestSha256: string;
  /** Files on this machine; for a destination that reads `remote`, the files where they were staged. */
  staged: ManifestSink;
  /** The same files where the job staged them, if that was an object store. */
  stagedRemote: ManifestSink | null;
}

/** A source that begins where the destination ends. */
export interface AskedSource {
  /** See `cursorKey`. */
  key: string;
  /** A column of the destination, whose greatest value is wanted if nothing is recorded of the source. */
  column: string;
}

export interface GreatestValue {
  type: CursorType;
  value: CursorValue;
}

/** What a destination knows of the runs that published to it. */
export interface Position {
  /** True if there is no row: what was published before is gone, and is read again. */
  empty: boolean;
  /** What is recorded of each source whose rows were published here, by its key. */
  cursors: Record<string, RecordedCursor>;
  /** Of those asked for that have no record: the greatest value of the column; none in an empty table. */
  greatest: Record<string, GreatestValue>;
  /** Who made the newest commit; null if there is none. */
  last: (CommitOrigin & { runKey: string; sink: string; readAt: string | null }) | null;
  /** The newest commits, at most 100. */
  commits: { runKey: string; sink: string }[];
}

/** A commit that stands in the destination's own log. */
export interface Commit {
  version: number;
  rows: number;
  bytes: number;
  /** Of a merge: rows of the table in whose place its own are; absent where that is not known. */
  replaced?: number;
  /** True if an earlier attempt of the same run had made it already. */
  adopted: boolean;
}

/** Where a destination stands. */
export interface Standing {
  /** Its committed version; 0 if it was never published to. */
  version: number;
  /** When the rows that it has were read, at the latest; see `PublishRequest.readAt`. */
  readAt: string | null;
  /** What the run that asks has committed before: an earlier execution of one that was reset. */
  own: Commit | null;
}

/** A destination of one run, opened inside the publisher process. */
export interface Publisher {
  inspect(run: Pick<CommitIdentity, 'runKey' | 'sink'>): Promise<Standing>;
  /**
   * Where incremental reading stands.
   * @throws `ConfigError` if the table has not the column of a source that has no record, or it is of a
   *   type that is no `CursorType`
   */
  position(sources: readonly AskedSource[]): Promise<Position>;
  /**
   * Commits the staged rows as `baseVersion + 1`, all or nothing. A commit that this run made
   * before is adopted: running it twice changes nothing.
   * @throws `VersionTaken` if the destination is no longer at `baseVersion`
   * @throws `NewerCommitted` for rows that were read before those of another commit, see `orderAfter`
   * @throws `WindowCommitted` for an append of a window that begins before where a recorded one of
   *   another run ended, unless the destination is empty; and for a `replace` by one that ends before
   *   that; both unless `again`
   */
  publish(request: PublishRequest): Promise<Commit>;
  /**
   * Takes `baseVersion + 1` without data, so that a publisher of the run that wakes later commits
   * nothing. Answers with the run's commit if it had been made already.
   */
  fence(identity: CommitIdentity): Promise<Commit | null>;
  close(): Promise<void>;
}

export type Pinned<P> = { parameters: P } | { problem: { parameter: string; message: string } };

/** What a run brings a sink: known from the manifest, and mostly before a row is read. */
export interface BroughtColumns {
  columns: ManifestSink['schema'];
  merge: Pick<Merge, 'keys' | 'order'> | null;
  onSchemaChange: OnSchemaChange;
}

/** What a run is going to publish to a sink, as far as that is known before a row is read. */
export interface PublishOutlook extends BroughtColumns {
  mode: SinkMode;
  /** Name of the sink. */
  sink: string;
}

/** A reason why a destination cannot take the columns, whatever it holds. */
export interface ColumnProblem {
  /** Where the sink of a config says what is at fault: `['parameters', 'partition_by']`. */
  at: readonly string[];
  /** What is wrong, and what is allowed. */
  what: string;
  /** A column that must have another name, and one that fits; else what to do. */
  remedy: { rename: string; to: string } | { advice: string };
}

/** Where the files that parameters name are read from. */
export interface PinContext extends Pick<DestinationContext, 'root'> {
  /** Why a run may not read a path; undefined if it may. */
  readonly outsideRoots: (path: string) => string | undefined;
}

/**
 * A kind of sink: one folder in `src/destinations`, named as the `module` of a config, whose
 * `index.ts` exports `destination`. It must be quick to import: `open` loads what is heavy.
 */
export interface Destination<P = unknown> {
  name: string;
  /** One line for `beamline modules` and the reference pages. */
  summary: string;
  parameters: z.ZodType<P>;
  modes: readonly SinkMode[];
  /** What `on_schema_change` may be. */
  schemaChanges: readonly OnSchemaChange[];
  /**
   * `remote`: it fetches by itself what a job staged in an object store, which then moves through no
   * worker. `local`: it reads files of the machine that publishes.
   */
  reads: 'local' | 'remote';
  /**
   * The parameters that name a destination which any host reaches, by which it can be fenced: they stand
   * in the history of its run, and are small. Null for one on the disk of a host.
   */
  address: ((parameters: P) => Record<string, unknown>) | null;
  /** Files and folders of this machine that it writes, each with the parameter that names it. */
  paths?(parameters: P): { parameter: string; path: string }[];
  /** The normalised name of what is written to; equal for two sinks if they share it. */
  key(parameters: P, context: DestinationContext): string;
  /** What a person would look at: a table, a folder. */
  location(parameters: P, context: DestinationContext): string;
  /**
   * Puts the content of files that the parameters name into them, so that a plan leaves nothing open.
   * Called whenever a config is checked.
   */
  pin?(parameters: P, context: PinContext): Pinned<P>;
  /**
   * Why it cannot take these columns, whatever it holds. A plan and a run ask before a row is read, as far
   * as the columns are known then; each publish asks again.
   */
  columnProblems(parameters: P, brought: BroughtColumns): ColumnProblem[];
  /**
   * Refuses what a publish would refuse, as the destination is now: a dataset that is not there, columns that
   * its table has not. Changes nothing, makes nothing, and waits for no lock.
   * @throws a refusal as `Publisher.publish` does (`refusal.ts`); anything else: it cannot be told now
   */
  check(parameters: P, context: DestinationContext, outlook: PublishOutlook): Promise<void>;
  /**
   * Opens the destination in the publisher process.
   * @param waitMs how long to wait for somebody else's lock on it, in milliseconds
   * @throws `DestinationBusy` after that time, naming the process that holds it
   */
  open(parameters: P, context: DestinationContext, waitMs: number): Promise<Publisher>;
}
