import { randomInt } from 'node:crypto';
import type { JobState } from '../../shared/run/job.js';
import type { Environment } from './environment.js';

/** What a job of a `simulated` template does instead of running a command. */
export interface Simulation {
  /** Milliseconds from RUNNING to the end. */
  lastsMs: number;
  endState: JobState;
  /** Text of the error message if `endState` is JOB_STATE_FAILED. */
  error?: string;
  /** Objects that the job creates just before its end, unless they are there. */
  writes: { uri: string; content: string }[];
}

/** What scripted faults have in store for a job; decided when it is launched. */
export interface JobFaults {
  queuedForMs?: number;
  launcherFailure?: boolean;
  workerCrashAfterMs?: number;
  stuckCancelling?: boolean;
}

/** The process that runs a job's command. */
export interface JobProcess {
  pid: number;
  /** When the system says that it started: process ids are used again. */
  startedAt: string | null;
}

/** All that the emulator knows of a job, but for its messages and logs. */
export interface JobRecord {
  id: string;
  project: string;
  region: string;
  name: string;
  type: 'JOB_TYPE_BATCH' | 'JOB_TYPE_STREAMING';
  state: JobState;
  requestedState?: JobState;
  /** Milliseconds since the epoch, as every time in a record. */
  stateTime: number;
  createTime: number;
  /** When it became RUNNING. */
  runningTime?: number;
  endTime?: number;
  labels: Record<string, string>;
  parameters: Record<string, string>;
  environment: Environment;
  /** Arguments of the command, without the command itself. */
  args: string[];
  sdkVersion: string;
  replacedByJobId?: string;
  replaceJobId?: string;
  simulation?: Simulation;
  faults: JobFaults;
  /** Set before the command is started. */
  launching?: boolean;
  process?: JobProcess;
  forced?: boolean;
  /** The last figures of each step, kept when the job ends. */
  steps?: Record<string, { rows: number; bytes: number }>;
}

const terminal = {
  JOB_STATE_UNKNOWN: false,
  JOB_STATE_STOPPED: false,
  JOB_STATE_RUNNING: false,
  JOB_STATE_DONE: true,
  JOB_STATE_FAILED: true,
  JOB_STATE_CANCELLED: true,
  JOB_STATE_UPDATED: true,
  JOB_STATE_DRAINING: false,
  JOB_STATE_DRAINED: true,
  JOB_STATE_PENDING: false,
  JOB_STATE_CANCELLING: false,
  JOB_STATE_QUEUED: false,
  JOB_STATE_RESOURCE_CLEANING_UP: false,
  JOB_STATE_PAUSING: false,
  JOB_STATE_PAUSED: false,
} as const satisfies Record<JobState, boolean>;

/** Whether no further change of state is possible. */
export function isTerminal(state: JobState): boolean {
  return terminal[state];
}

/**
 * A job id as the service forms them: the time of creation in California and a random number
 * (`2024-03-13_13_30_56-9773037660972565699`).
 */
export function newJobId(now: number): string {
  const parts = Object.fromEntries(
    california.formatToParts(now).map(({ type, value }) => [type, value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  const random = `${randomInt(1, 10)}${String(randomInt(0, 1e9)).padStart(9, '0')}${String(randomInt(0, 1e9)).padStart(9, '0')}`;
  return `${year}-${month}-${day}_${hour}_${minute}_${second}-${random}`;
}

const california = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'America/Los_Angeles',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
