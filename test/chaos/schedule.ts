import type { Fault } from '../../src/emulator/state/faults.js';
import { points } from './points.js';
import { createRandom, type Random } from './random.js';

/** Processes of the world that are hit at random times; a worker is that of a host. */
export const memberNames = ['worker-0', 'worker-1', 'gateway', 'emulator', 'temporal'] as const;
export type MemberName = `worker-${number}` | 'gateway' | 'emulator' | 'temporal' | 'bigquery';

/** One decision, in the order in which they are carried out. */
export type Step =
  /** Starts a run as soon as fewer than the most allowed are under way. */
  | {
      do: 'run';
      run: number;
      pipeline: string;
      /** Where each host works on its own runs, the one that the run is for. */
      host?: number;
      cancelAfterMs?: number;
      /** Counts `cancelAfterMs` from when the run has a job. */
      cancelOnceLaunched?: true;
      /** How it is cancelled: through Temporal, or with the signal. */
      cancelBy?: 'cancel' | 'signal';
    }
  /** Hits a process now; a paused one is woken after `forMs`, a killed one started again. */
  | { do: 'hit'; member: MemberName; signal: 'SIGKILL' | 'SIGSTOP'; forMs: number }
  /** Hits whichever process comes to a step boundary next. */
  | { do: 'arm'; point: string; signal: 'SIGKILL' | 'SIGSTOP'; forMs: number; host?: number }
  /** What the emulator does wrong next. */
  | { do: 'fault'; fault: Fault }
  | { do: 'wait'; ms: number }
  /** Waits until every run that was started has ended. */
  | { do: 'settle' };

export interface Schedule {
  seed: number;
  /** Runs under way at once. */
  inFlight: number;
  steps: Step[];
}

export interface ScheduleSize {
  runs: number;
  inFlight: number;
  /** Names of the pipelines; runs of one wait for each other. */
  pipelines: readonly string[];
  /** Those that have a short `timeout`. */
  hasty: readonly string[];
  /** Where each host works on its own runs: those that a pipeline's runs may have. */
  hostsOf?: (pipeline: string) => readonly number[];
  /** Step boundaries and processes that a scenario has beside the usual ones, or lacks. */
  points?: readonly string[];
  members?: readonly MemberName[];
}

/** Tells pipelines with a short `timeout` from the others. */
export function bySpeed(
  pipelines: readonly { name: string; timeout?: string }[],
): Pick<ScheduleSize, 'pipelines' | 'hasty'> {
  return {
    pipelines: pipelines.filter(({ timeout }) => timeout === undefined).map(({ name }) => name),
    hasty: pipelines.filter(({ timeout }) => timeout !== undefined).map(({ name }) => name),
  };
}

/** Every decision of one play, from its seed: the same seed and size give the same schedule. */
export function scheduleOf(seed: number, size: ScheduleSize): Schedule {
  const random = createRandom(seed);
  const steps: Step[] = [];
  // Every boundary is met in turn, in a random order, killed and paused in turn.
  let boundaries: Step[] = [];
  for (let run = 0; run < size.runs; run++) {
    if (random.chance(0.75)) {
      if (boundaries.length === 0) boundaries = allBoundaries(random, size.points ?? points);
      steps.push(boundaries.pop() as Step);
    }
    if (random.chance(0.5)) steps.push({ do: 'fault', fault: emulatorFault(random) });
    steps.push(runStep(random, run, size));
    if (random.chance(0.25)) steps.push(processHit(random, size.members ?? memberNames));
    if (random.chance(0.5)) steps.push({ do: 'wait', ms: random.between(0, 1500) });
  }
  return { seed, inFlight: size.inFlight, steps };
}

function runStep(random: Random, run: number, { pipelines, hasty, hostsOf }: ScheduleSize): Step {
  const pipeline = random.chance(0.06) ? random.pick(hasty) : random.pick(pipelines);
  const host = hostsOf === undefined ? {} : { host: random.pick(hostsOf(pipeline)) };
  if (!random.chance(0.15)) return { do: 'run', run, pipeline, ...host };
  const cancelBy = random.pick(['cancel', 'signal'] as const);
  const cancelAfterMs = random.between(0, 12_000);
  return { do: 'run', run, pipeline, ...host, cancelAfterMs, cancelBy };
}

function allBoundaries(random: Random, names: readonly string[]): Step[] {
  const all = names.flatMap((point) =>
    (['SIGKILL', 'SIGSTOP'] as const).map((signal) => ({ point, signal })),
  );
  const shuffled: Step[] = [];
  while (all.length > 0) {
    const [{ point, signal }] = all.splice(random.below(all.length), 1) as [
      { point: string; signal: 'SIGKILL' | 'SIGSTOP' },
    ];
    shuffled.push({ do: 'arm', point, signal, forMs: pauseOf(random, signal) });
  }
  return shuffled;
}

function processHit(random: Random, members: readonly MemberName[]): Step {
  const signal = random.pick(['SIGKILL', 'SIGSTOP'] as const);
  return { do: 'hit', member: random.pick(members), signal, forMs: pauseOf(random, signal) };
}

/** A pause is mostly longer than a heartbeat's 10 s, after which another worker takes over. */
function pauseOf(random: Random, signal: 'SIGKILL' | 'SIGSTOP'): number {
  if (signal === 'SIGKILL') return random.between(0, 2000);
  return random.chance(0.6) ? random.between(12_000, 18_000) : random.between(500, 6000);
}

const methods = ['LaunchFlexTemplate', 'GetJob', 'ListJobs', 'UpdateJob', 'GetJobMetrics'] as const;

function emulatorFault(random: Random): Fault {
  const times = random.between(1, 3);
  switch (random.below(13)) {
    case 0:
      return { fault: 'error', method: 'LaunchFlexTemplate', status: 'ALREADY_EXISTS', times: 1 };
    case 1:
      return { fault: 'error', method: random.pick(methods), status: 'RESOURCE_EXHAUSTED', times };
    case 2:
      return { fault: 'error', method: random.pick(methods), status: 'UNAVAILABLE', times };
    case 3:
      return { fault: 'response_lost', method: 'LaunchFlexTemplate', times: 1 };
    case 4:
      return { fault: 'response_lost', method: random.pick(methods), times: 1 };
    case 5:
      return { fault: 'queued', for_ms: random.between(2000, 9000), times: 1 };
    case 6:
      return { fault: 'launcher_failure', times: 1 };
    case 7:
      return { fault: 'worker_crash', after_ms: random.between(0, 3000), times: 1 };
    case 8:
      return { fault: 'stuck_cancelling', times: 1 };
    case 9:
      return { fault: 'event_lost', delay_ms: 0, times };
    case 10:
      return { fault: 'event_doubled', delay_ms: 0, times };
    case 11:
      return { fault: 'event_late', delay_ms: random.between(500, 9000), times };
    default:
      return { fault: 'event_reordered', delay_ms: random.between(500, 5000), times };
  }
}
