import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { jobStates, type JobState } from '../../shared/run/job.js';
import { isStatus, type Status } from './api-error.js';
import { replaceFile } from './files.js';
import type { JobFaults } from './job-record.js';

/** How often a fault strikes; null means always. */
const times = z.number().int().positive().nullable().default(1);
/** Strikes only jobs whose name matches this regular expression. */
const jobName = z.string().refine(isRegExp, 'not a regular expression').optional();
const milliseconds = z.number().nonnegative();

const status = z.union([z.string(), z.number()]).transform((given, context): Status => {
  if (typeof given === 'string' && isStatus(given)) return given;
  const named = httpStatuses[String(given)];
  if (named !== undefined) return named;
  context.addIssue(
    `${given} is neither a gRPC status nor one of ${Object.keys(httpStatuses).join(', ')}`,
  );
  return z.NEVER;
});
const httpStatuses: Record<string, Status> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** One scripted fault (docs/emulator.md lists them with examples). */
export const fault = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('error'),
    method: z.string(),
    status,
    message: z.string().optional(),
    times,
  }),
  z.strictObject({
    fault: z.literal('response_lost'),
    method: z.string(),
    job_name: jobName,
    times,
  }),
  z.strictObject({
    fault: z.literal('latency'),
    method: z.string(),
    delay_ms: milliseconds,
    times,
  }),
  z.strictObject({ fault: z.literal('queued'), for_ms: milliseconds, job_name: jobName, times }),
  z.strictObject({ fault: z.literal('launcher_failure'), job_name: jobName, times }),
  z.strictObject({
    fault: z.literal('worker_crash'),
    after_ms: milliseconds.default(0),
    job_name: jobName,
    times,
  }),
  z.strictObject({ fault: z.literal('stuck_cancelling'), job_name: jobName, times }),
  ...(['event_lost', 'event_doubled', 'event_late', 'event_reordered'] as const).map((name) =>
    z.strictObject({
      fault: z.literal(name),
      state: z.enum(jobStates).optional(),
      delay_ms: milliseconds.default(2000),
      job_name: jobName,
      times,
    }),
  ),
]);
export type Fault = z.output<typeof fault>;
export type EventFault = 'event_lost' | 'event_doubled' | 'event_late' | 'event_reordered';

/** The faults that are still to come, in the order in which they were given; kept on disk. */
export class Faults {
  #pending: Fault[];

  constructor(readonly file: string) {
    this.#pending = existsSync(file)
      ? z.array(fault).parse(JSON.parse(readFileSync(file, 'utf8')))
      : [];
  }

  list(): readonly Fault[] {
    return this.#pending;
  }

  /** @throws {z.ZodError} if the document is no list of faults */
  set(document: unknown): void {
    this.#pending = z.array(fault).parse(document);
    this.#save();
  }

  /**
   * The error, the delay or the loss that strikes this call, each counted once.
   * @param name of the job that the call launches; the others name none
   */
  takeCall(
    method: string,
    name = '',
  ): {
    error?: { status: Status; message?: string };
    lost: boolean;
    delayMs: number;
  } {
    const delay = this.#take((one) => one.fault === 'latency' && one.method === method);
    const error = this.#take((one) => one.fault === 'error' && one.method === method);
    const lost =
      error === undefined
        ? this.#take(
            (one) => one.fault === 'response_lost' && one.method === method && matches(one, name),
          )
        : undefined;
    return {
      lost: lost !== undefined,
      delayMs: delay?.fault === 'latency' ? delay.delay_ms : 0,
      ...(error?.fault === 'error'
        ? {
            error: {
              status: error.status,
              ...(error.message === undefined ? {} : { message: error.message }),
            },
          }
        : {}),
    };
  }

  /** What will befall a job that is launched now. */
  takeLaunch(name: string): JobFaults {
    const taken = (kind: Fault['fault']) =>
      this.#take((one) => one.fault === kind && matches(one, name));
    const queued = taken('queued');
    const crash = taken('worker_crash');
    return {
      ...(queued?.fault === 'queued' ? { queuedForMs: queued.for_ms } : {}),
      ...(crash?.fault === 'worker_crash' ? { workerCrashAfterMs: crash.after_ms } : {}),
      ...(taken('launcher_failure') ? { launcherFailure: true } : {}),
      ...(taken('stuck_cancelling') ? { stuckCancelling: true } : {}),
    };
  }

  /** What befalls the event of this change of state. */
  takeEvent(name: string, state: JobState): { fault: EventFault; delayMs: number } | null {
    const found = this.#take(
      (one) => isEventFault(one) && matches(one, name) && (one.state ?? state) === state,
    );
    return found !== undefined && isEventFault(found)
      ? { fault: found.fault, delayMs: found.delay_ms }
      : null;
  }

  #take(strikes: (fault: Fault) => boolean): Fault | undefined {
    const index = this.#pending.findIndex(strikes);
    const found = this.#pending[index];
    if (found === undefined || found.times === null) return found;
    if (found.times > 1) this.#pending[index] = { ...found, times: found.times - 1 };
    else this.#pending.splice(index, 1);
    this.#save();
    return found;
  }

  #save(): void {
    replaceFile(this.file, JSON.stringify(this.#pending, null, 2));
  }
}

function isEventFault(one: Fault): one is Extract<Fault, { fault: EventFault }> {
  return one.fault.startsWith('event_');
}

function matches(one: Fault, name: string): boolean {
  return !('job_name' in one) || one.job_name === undefined || new RegExp(one.job_name).test(name);
}

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
