import type { JobRecord } from './job-record.js';

export const importances = [
  'JOB_MESSAGE_DEBUG',
  'JOB_MESSAGE_DETAILED',
  'JOB_MESSAGE_BASIC',
  'JOB_MESSAGE_WARNING',
  'JOB_MESSAGE_ERROR',
] as const;
/** From the least to the most important. */
export type Importance = (typeof importances)[number];

/** One message of a job. */
export interface Message {
  id: string;
  /** Milliseconds since the epoch. */
  time: number;
  text: string;
  importance: Importance;
}

/** How a job's command failed, as far as its output says. */
export interface CommandFailure {
  message?: string;
  step?: string;
  traceback?: string;
  /** The last lines of standard error. */
  stderr: string;
  /** Null if the process vanished. */
  exitCode: number | null;
}

export type Text = [Importance, string];

/** What the service writes as a job goes on, in its own words where they are public. */
export const messagesOf = {
  launched: (job: JobRecord): Text[] => {
    const folder = launchFolderOf(job);
    return folder === null
      ? []
      : [
          [
            'JOB_MESSAGE_BASIC',
            `Console log from launcher will be available at ${folder}/console_logs.`,
          ],
        ];
  },
  running: (job: JobRecord): Text[] => {
    const [pool] = job.environment['workerPools'] as {
      machineType: string;
      zone?: string;
      numWorkers: number;
    }[];
    const place = pool?.zone ?? job.region;
    return [
      ['JOB_MESSAGE_BASIC', `Worker configuration: ${pool?.machineType} in ${place}.`],
      ['JOB_MESSAGE_BASIC', `Starting ${pool?.numWorkers} workers in ${place}...`],
    ];
  },
  launcherFailed: ({ exitCode }: CommandFailure): Text[] => [
    ['JOB_MESSAGE_ERROR', `Error: Template launch failed: exit status ${exitCode ?? 137}`],
    [
      'JOB_MESSAGE_ERROR',
      'Error occurred in the launcher container: Template launch failed. See console logs.',
    ],
  ],
  failed: ({ message, step, traceback, stderr, exitCode }: CommandFailure): Text[] => {
    const stage = step === undefined ? '' : `S01:${step} failed., `;
    const said = traceback ?? (message === undefined && stderr !== '' ? stderr : undefined);
    const cause =
      message ??
      (exitCode === null
        ? 'The worker lost contact with the service.'
        : 'The job failed because a work item has failed 4 times. Look in previous log entries for the cause of each one of the 4 failures.');
    return [
      ...(said === undefined ? [] : ([['JOB_MESSAGE_ERROR', said]] as Text[])),
      ['JOB_MESSAGE_ERROR', `Workflow failed. Causes: ${stage}${cause}`],
    ];
  },
  cancelling: (job: JobRecord): Text[] => [
    ['JOB_MESSAGE_BASIC', `Cancel request is committed for workflow job: ${job.id}.`],
  ],
  draining: (job: JobRecord): Text[] => [
    ['JOB_MESSAGE_BASIC', `Drain request is committed for workflow job: ${job.id}.`],
  ],
  stopped: (): Text[] => [
    ['JOB_MESSAGE_DETAILED', 'Cleaning up.'],
    ['JOB_MESSAGE_BASIC', 'Stopping worker pool...'],
    ['JOB_MESSAGE_BASIC', 'Worker pool stopped.'],
  ],
} as const;

/** Where the launcher leaves its log: below the staging location, else the temporary one. */
export function launchFolderOf(job: JobRecord): string | null {
  const options = (job.environment['sdkPipelineOptions'] as { options: Record<string, unknown> })
    .options;
  const base = options['staging_location'] ?? options['temp_location'];
  return typeof base === 'string'
    ? `${base.replace(/\/+$/, '')}/template_launches/${job.id}`
    : null;
}

/** Texts as messages of a moment, in their order. */
export function stamped(job: JobRecord, texts: readonly Text[], time: number): Message[] {
  return texts.map(([importance, text], index) => ({
    id: `${job.id.slice(-6)}-${time}-${index}`,
    time,
    text,
    importance,
  }));
}
