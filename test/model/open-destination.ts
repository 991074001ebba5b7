import type { Commit, Publisher, PublishRequest } from '../../src/destinations/destination.js';
import type { TestSink } from '../destinations/support.js';
import type { Column, Table } from './rows.js';
import type { Setting } from './series.js';

/** What the model plays over: a destination in which each series has a table of its own. */
export interface ModelDestination {
  name: string;
  /** Opens a table, which is made by the first publish, and opens it again. */
  open(table: string, setting: Setting): Promise<OpenDestination>;
  stop(): Promise<void>;
}

/** A table, the publisher of it that is alive, and a reader beside it. */
export interface OpenDestination {
  sink: TestSink;
  publisher: Omit<Publisher, 'close'>;
  /** Null if there is no such table. */
  read(columns: readonly Column[]): Promise<Table | null>;
  /** Names of what publishers left beside the table, and nobody needs. */
  leftBehind(): Promise<string[]>;
  /**
   * From now on the publisher makes so many calls and none after them, not even to clean up. Of the last
   * one it need not see the answer.
   */
  killAfter(calls: number): Killed;
  /**
   * Begins a publish that falls asleep after some calls, beside the publisher that is alive. Null if it would
   * hold the destination meanwhile, so that nobody else could publish: then it sleeps before its first call.
   */
  fallAsleep(request: PublishRequest, calls: number): Promise<Sleeper | null>;
  /** Ends the publisher, with a transaction that it may have open. */
  close(): Promise<void>;
}

export interface Killed {
  /** Whether the publisher made all its calls, and so was killed. */
  isHit(): boolean;
  /** Ends once what the publisher had begun goes on no longer. */
  settled(): Promise<void>;
}

export interface Sleeper {
  /** The end of its publish. */
  wake(): Promise<Commit>;
}
