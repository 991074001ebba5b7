import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../../../src/activities/index.js';

/** What a runner of the kit is, as data. */
export interface Traits {
  /** What it started outlives its worker, and the next attempt takes it over; else an attempt starts anew. */
  adopts: boolean;
  /** It waits for a signal; else for the answer of the activity that started it. */
  hears: boolean;
}

/** What a runner needs beside its folder: `members/<name>.ts`, export `member`. */
export interface KitMember {
  traits: Traits;
  /** `beamline.yaml` of a project whose runs are its: empty if it needs none. */
  settings: string;
  /** Name of the activity that starts what runs the pipeline. */
  starts: string;
  /** Starts what its jobs run on. */
  start(site: Site): Promise<StartedMember>;
}

/** Where the runs of the kit are: one project, one worker. */
export interface Site {
  root: string;
  /** Stands for the Python that has Beam: see `program.ts`. */
  python: string;
  client: Client;
}

export interface StartedMember {
  /** What its activities are given in place of the services. */
  deps: Partial<Pick<ActivityDeps, 'dataflow' | 'objects'>>;
  /** What can be sent to its runs; only of one that hears. Those of runs named `deaf-…` are lost. */
  signal?: MemberSignal;
  stop(): Promise<void>;
}

export interface MemberSignal {
  name: string;
  /** In none of its forms. */
  malformed: readonly unknown[];
  /** Says that it has ended, in the right form, of a run that goes on. */
  forged(run: { key: string; jobId: string | undefined }): unknown;
}

/** The kit's places of a runner; null if it brings none. */
export async function memberOf(name: string): Promise<KitMember | null> {
  const file = new URL(`members/${name}.js`, import.meta.url);
  if (!existsSync(file)) return null;
  return ((await import(file.href)) as { member: KitMember }).member;
}
