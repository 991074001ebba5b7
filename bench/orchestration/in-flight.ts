import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from '../../src/shared/run/job-identity.js';
import { cpuByPart, cpuOf, residentMb } from './machine.js';
import { startWorker } from './measured-worker.js';
import type { Site } from './site.js';
import { openRuns, until } from './throughput.js';

export interface InFlightOptions {
  runs: number;
  /** Runs that are started and have no job yet, at most. */
  ahead: number;
  /** Seconds to wait with all of them, at least. */
  quiet: number;
  /**
   * Runs launched per second that the machine is trusted with: decides when the jobs end. What is not
   * launched by then is left out, and the result says how many were.
   */
  rate: number;
  /** Seconds to wait for the end of all; what has not ended by then is counted. */
  patience: number;
}

/**
 * Many runs at once on one worker: all launched, all waiting for the event of their job's end, then all
 * ended at about the same time. The destinations are opened in the worker's process.
 */
export async function measureInFlight(site: Site, options: InFlightOptions) {
  const { runs, ahead, quiet, rate, patience } = options;
  const worker = await startWorker(site, { inProcessPublisher: true });
  try {
    const warm = await site.simulated(0);
    for (let number = 0; number < 10; number++) {
      const id = `warm-${number}`;
      await site.start(id, { runner: 'dataflow', launch: warm, args: { number: id } });
      await site.client.workflow.getHandle(id).result();
    }
    const before = residentMb(worker.pid);
    const cpuBefore = cpuByPart(site.root, worker.pid);
    const startedAt = Date.now();
    const endAt = startedAt + (runs / rate) * 1000 + quiet * 1000;
    const launched = await startAll();
    const rampSeconds = (Date.now() - startedAt) / 1000;
    await sleep(5_000); // The last events of launches.
    const waiting = await openRuns(site);
    const [cpu, since] = [cpuOf(worker.pid), Date.now()];
    await sleep(Math.min(30_000, Math.max(1000, endAt - Date.now() - 5000)));
    const watched = (Date.now() - since) / 1000;
    const cores = (cpuOf(worker.pid) - cpu) / watched;
    const during = residentMb(worker.pid);
    const cached = await worker.metric('temporal_sticky_cache_size');
    await until(async () =>
      (await jobsOf(site)).some(({ currentState }) => currentState === 'JOB_STATE_DONE'),
    );
    const endsAt = Date.now();
    let open = await openRuns(site);
    for (; open > 0 && Date.now() - endsAt < patience * 1000; open = await openRuns(site)) {
      await sleep(1000);
    }
    const finishSeconds = (Date.now() - endsAt) / 1000;
    const failed = await site.client.workflow.count(
      `WorkflowId STARTS_WITH 'flight-' AND ExecutionStatus = 'Failed'`,
    );
    const cpuAfter = cpuByPart(site.root, worker.pid);
    return {
      ...options,
      launched,
      seconds_to_launch: Math.round(rampSeconds),
      waiting_at_once: waiting,
      workflows_cached: cached,
      worker_mb_before: before,
      worker_mb_waiting: during,
      worker_mb_after: residentMb(worker.pid),
      mb_per_run: Number(((during - before) / launched).toFixed(3)),
      // Nothing can be said of a window that a late launch has left too short.
      worker_cores_waiting: watched < 10 ? null : Number(cores.toFixed(4)),
      finished: launched - open,
      seconds_to_finish: Math.round(finishSeconds),
      failed: failed.count,
      cpu_s_per_run: Object.fromEntries(
        Object.entries(cpuAfter).map(([part, now]) => [
          part,
          Number(((now - (cpuBefore[part] ?? 0)) / launched).toFixed(3)),
        ]),
      ),
    };

    /** Starts runs until all have a job, or there is no time left; says how many have one. */
    async function startAll(): Promise<number> {
      const lastStart = endAt - quiet * 1000;
      let started = 0;
      for (;;) {
        const withJob = (await jobsOf(site)).length;
        const mayStart = Date.now() < lastStart ? Math.min(runs, withJob + ahead) : started;
        if (withJob === started && started >= mayStart) return started;
        for (; started < mayStart; started++) {
          // Whole seconds, so that there are few templates.
          const left = Math.max(1, Math.round((endAt - Date.now()) / 1000)) * 1000;
          const id = `flight-${started}`;
          const launch = await site.simulated(left);
          await site.start(id, { runner: 'dataflow', launch, args: { number: id } });
        }
        await sleep(1000);
      }
    }
  } finally {
    await worker.stop();
  }
}

async function jobsOf(site: Site) {
  return (await site.jobs()).filter(({ labels }) =>
    identityOf(labels)?.workflowId.startsWith('flight-'),
  );
}
