import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from '../../src/shared/run/job-identity.js';
import { historyOf, timeOf, type HistoryEvent } from './history.js';
import { startWorker } from './measured-worker.js';
import { poll, type Polled } from './pollers.js';
import type { EmulatedJob, Site } from './site.js';
import { randomFrom, spread } from './statistics.js';

export interface DetectionOptions {
  runs: number;
  /** Shortest and longest simulated job, in seconds. */
  shortest: number;
  longest: number;
  /** Intervals of the pollers, in seconds. */
  intervals: number[];
  seed: number;
}

/**
 * How long after its job's end a run knows of it, beside pollers of the same jobs at the same time.
 * Both are timed against the emulator's own time of the end; all clocks are this machine's.
 */
export async function measureDetection(site: Site, options: DetectionOptions) {
  const { runs, shortest, longest, intervals, seed } = options;
  const random = randomFrom(seed);
  const worker = await startWorker(site);
  try {
    await fetch(`${site.dataflow}/emulator/requests`, { method: 'DELETE' });
    const ids = Array.from({ length: runs }, (_, number) => `detect-${number}`);
    const watched = new Map<string, EmulatedJob>();
    const polling: Promise<[number, Polled]>[] = [];
    let started = 0;
    while (watched.size < runs) {
      // Few at a time, so that launches do not queue behind one another.
      for (; started < runs && started < watched.size + 4; started++) {
        const seconds = Math.round(shortest + random() * (longest - shortest));
        const launch = await site.simulated(seconds * 1000);
        const id = ids[started] as string;
        await site.start(id, { runner: 'dataflow', launch, args: { number: id } });
      }
      for (const job of await site.jobs()) {
        if (watched.has(job.id) || !identityOf(job.labels)?.workflowId.startsWith('detect-'))
          continue;
        watched.set(job.id, job);
        for (const interval of intervals) {
          polling.push(
            poll(site, job, interval, random())
              .then((polled) => [interval, polled] as const)
              .then(([each, polled]) => [each, polled]),
          );
        }
      }
      await sleep(200);
    }
    for (const id of ids) await site.client.workflow.getHandle(id).result();
    const polled = await Promise.all(polling);
    return {
      ...options,
      beamline: await ownDelays(site, ids),
      pollers: intervals.map((interval) => {
        const own = polled.flatMap(([each, found]) => (each === interval ? [found] : []));
        return {
          interval,
          delay_s: spread(own.map(({ delay }) => delay)),
          calls_per_run: own.reduce((sum, { calls }) => sum + calls, 0) / runs,
        };
      }),
    };
  } finally {
    await worker.stop();
  }
}

async function ownDelays(site: Site, ids: string[]) {
  const jobs = new Map(
    (await site.jobs()).map((job) => [identityOf(job.labels)?.workflowId, job] as const),
  );
  const signalled: number[] = [];
  const known: number[] = [];
  const confirmed: number[] = [];
  for (const id of ids) {
    const job = jobs.get(id);
    if (!job) throw new Error(`${id} has no job`);
    const endedAt = Date.parse(job.currentStateTime);
    const times = timesOf(await historyOf(site.client, id));
    signalled.push((times.signalled - endedAt) / 1000);
    known.push((times.known - endedAt) / 1000);
    confirmed.push((times.confirmed - endedAt) / 1000);
  }
  // The pollers of this benchmark use REST, the worker gRPC.
  const requests = (await (await fetch(`${site.dataflow}/emulator/requests`)).json()) as {
    transport: string;
    method: string;
  }[];
  const calls = requests.filter(
    ({ transport, method }) => transport === 'grpc' && /^getJob$/i.test(method),
  ).length;
  return {
    signal_recorded_s: spread(signalled),
    workflow_knows_s: spread(known),
    job_read_s: spread(confirmed),
    calls_per_run: calls / ids.length,
  };
}

/** When the signal of the end was recorded, when the workflow acted on it, when it had read the job. */
function timesOf(events: HistoryEvent[]) {
  const read = events.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'readJob',
  );
  const signal = events.findLast(
    (event) =>
      Number(event.eventId) < Number(read?.eventId) &&
      event.workflowExecutionSignaledEventAttributes?.signalName === 'jobStateChanged',
  );
  const done = events.find(
    ({ activityTaskCompletedEventAttributes: completed }) =>
      completed && Number(completed.scheduledEventId) === Number(read?.eventId),
  );
  if (!read || !signal || !done) throw new Error('a run did not read its job after a signal');
  return { signalled: timeOf(signal), known: timeOf(read), confirmed: timeOf(done) };
}
