import type { z } from 'zod';
import type { ManifestSink } from '../shared/manifest.js';

/** Where a worker keeps its files: local destinations are named relative to it. */
export interface DestinationContext {
  /** The project root: relative paths of a config start here. */
  root: string;
  /** Id of the local store, so that two hosts' equal paths are two destinations. */
  storeId: string;
}

export type SinkMode = 'replace' | 'append';

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
  manifestSha256: string;
  staged: ManifestSink;
}

/** A commit that stands in the destination's own log. */
export interface Commit {
  version: number;
  rows: number;
  bytes: number;
  /** True if an earlier attempt of the same run had made it already. */
  adopted: boolean;
}

/** A destination of one run, opened inside the publisher process. */
export interface Publisher {
  /** The destination's committed version; 0 if it was never published to. */
  inspect(destination: string): Promise<number>;
  /**
   * Commits the staged rows as `baseVersion + 1`, all or nothing. A commit that this run made
   * before is adopted: running it twice changes nothing.
   * @throws `VersionTaken` if the destination is no longer at `baseVersion`
   */
  publish(request: PublishRequest): Promise<Commit>;
  /**
   * Takes `baseVersion + 1` without data, so that a publisher of the run that wakes later commits
   * nothing. Answers with the run's commit if it had been made already.
   */
  fence(identity: CommitIdentity): Promise<Commit | null>;
  close(): Promise<void>;
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
  /** The normalised name of what is written to; equal for two sinks if they share it. */
  key(parameters: P, context: DestinationContext): string;
  /** What a person would look at: a table, a folder. */
  location(parameters: P, context: DestinationContext): string;
  /**
   * Opens the destination in the publisher process.
   * @param waitMs how long to wait for somebody else's lock on it, in milliseconds
   * @throws `DestinationBusy` after that time, naming the process that holds it
   */
  open(parameters: P, context: DestinationContext, waitMs: number): Promise<Publisher>;
}
