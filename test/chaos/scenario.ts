import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import type { Violation } from './invariants.js';
import type { Member } from './member.js';
import type { PlayedRun } from './play.js';
import type { World } from './world.js';

/** What the runs of a world read and write, and what must hold of it. */
export interface Scenario {
  /** Starts what it needs beside the processes of the world. */
  prepare(site: Site): Promise<Prepared>;
}

/** Where a scenario is prepared. */
export interface Site {
  /** For whatever it keeps. */
  folder: string;
  /** Environment of every process. */
  env: NodeJS.ProcessEnv;
  /** A process of the world, not started yet, whose environment is `env` and more. */
  member: (name: string, command: string, args: string[], env: NodeJS.ProcessEnv) => Member;
}

export interface Prepared {
  /** What every process must know of it. */
  env: NodeJS.ProcessEnv;
  /** Its own processes that may be hit; the world ends them. */
  members: readonly Member[];
  /** Input of every run, beside its config. */
  input: Partial<RunPipelineInput>;
  /** Writes configs, and what they read, into the project root of a host. */
  writeProject(root: string): Promise<void>;
  /** The world serves: what changes by itself begins to. */
  begin?(): void;
  /** Every fault is undone and every run has ended: what is left to do before anything is checked. */
  finish?(world: World): Promise<PlayedRun[]>;
  violations(world: World, runs: readonly PlayedRun[]): Promise<Violation[]>;
  end(): Promise<void>;
}
