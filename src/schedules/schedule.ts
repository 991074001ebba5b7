import type { ScheduleDescription } from '@temporalio/client';
import type { Calendar } from '../config/values/cron.js';
import type { OverlapPolicy } from '../config/envelope/overlap-policies.js';

/** A cron as a config writes it, and what it means. */
export interface Cron {
  text: string;
  calendars: readonly Calendar[];
}

/** A schedule as a config asks for it. */
export interface DesiredSchedule {
  name: string;
  pipeline: string;
  /** Path of the config, relative to the project root, with `/`. */
  config: string;
  crons: readonly Cron[];
  timezone: string;
  jitterMs: number;
  overlap: OverlapPolicy;
  catchupMs: number;
  pauseOnFailure: boolean;
  /** Undefined leaves it as it is. */
  paused: boolean | undefined;
  args: Readonly<Record<string, string | number | boolean>>;
  taskQueue: string;
}

/** What {@link factsOf} compares, in the order in which it is shown. */
export const factNames = [
  'cron',
  'timezone',
  'jitter',
  'overlap',
  'catchup',
  'pause_on_failure',
  'paused',
  'config',
  'args',
  'workflow',
  'summary',
  'other',
] as const;
export type FactName = (typeof factNames)[number];

/** One property of a schedule. */
export interface Fact {
  /** What a person sees. */
  text: string;
  /** Equal for equal meanings. */
  key: string;
}
export type Facts = Readonly<Record<FactName, Fact>>;

/** A schedule of the server that Beamline did not make, or not for this deployment. */
export interface OtherSchedule {
  name: string;
  isOurs: false;
  /** Null if Beamline did not make it. */
  pipeline: string | null;
}

/** A schedule of this deployment, as the server has it. */
export interface CurrentSchedule {
  name: string;
  isOurs: true;
  pipeline: string;
  /** Path of the config that it runs. */
  config: string;
  crons: readonly Cron[];
  timezone: string;
  facts: Facts;
  /** Whether it was changed since Beamline last wrote it, but for being paused. */
  isEdited: boolean;
  paused: boolean;
  note: string | null;
  /** @internal */
  description: ScheduleDescription;
}

/** A property that differs. */
export interface FieldChange {
  field: FactName;
  old: string;
  new: string;
}
