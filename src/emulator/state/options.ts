import type { Command } from './child.js';

export const eventsModes = ['binary', 'structured', 'pubsub-push'] as const;
export type EventsMode = (typeof eventsModes)[number];

/** How an emulator is started; every time is in milliseconds. */
export interface EmulatorOptions {
  /** Holds everything that outlives the process. */
  folder: string;
  /** Where it listens; default 127.0.0.1. Whoever reaches it can run the templates' command. */
  host?: string;
  /** 0, the default, is a free one. */
  grpcPort?: number;
  httpPort?: number;
  /** URLs that get an event of every change of state. */
  events?: readonly string[];
  eventsMode?: EventsMode;
  /** Sent to them as `Authorization: Bearer …`. */
  eventsToken?: string;
  /** Pause before an event is sent again for the first time; each later one is twice as long. */
  eventsRetryMs?: number;
  /** Program and first arguments of every template; parameters follow as `--name=value`. */
  command?: readonly string[];
  /** Working directory of the command. */
  cwd?: string;
  /** Environment of the command, to which the emulators' addresses are added. */
  env?: NodeJS.ProcessEnv;
  /** `http://host:port` of a Cloud Storage emulator; default STORAGE_EMULATOR_HOST. */
  storage?: string;
  /** How long a job stays QUEUED and PENDING. */
  queuedMs?: number;
  pendingMs?: number;
  /** From SIGTERM to SIGKILL when a job is cancelled. */
  cancelGraceMs?: number;
  /** Whether lists show QUEUED jobs; the service's do not. */
  listQueued?: boolean;
  /** Whether lists show labels; the service documents that they do not. */
  listLabels?: boolean;
  /** JSON of secrets: `{"projects/p/secrets/s": "value"}`. */
  secretsFile?: string;
  /** JSON list of faults. */
  faultsFile?: string;
  /** Called for what goes wrong in the background. */
  onProblem?: (message: string) => void;
}

/** The options that the life of a job depends on, complete. */
export interface JobOptions {
  /** Folder of the jobs' own folders. */
  folder: string;
  command: (args: string[], project: string) => Command;
  queuedMs: number;
  pendingMs: number;
  cancelGraceMs: number;
  onProblem: (message: string) => void;
}
