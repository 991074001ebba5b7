import { setTimeout as sleep } from 'node:timers/promises';
import { workflowType } from '../../src/shared/names.js';
import { cpuByPart, cpuOfMachine } from './machine.js';
import { startWorker } from './measured-worker.js';
import { benchQueue, type Site } from './site.js';

export interface ThroughputOptions {
  runs: number;
  /** Runs that are under way at once. */
  atOnce: number;
  inProcessPublisher: boolean;
  name: string;
}

/** Runs started and finished per second, of simulated jobs that end as soon as they run. */
export async function measureThroughput(site: Site, options: ThroughputOptions) {
  const { runs, atOnce, inProcessPublisher, name } = options;
  const worker = await startWorker(site, { inProcessPublisher });
  try {
    const launch = await site.simulated(0);
    const one = async (id: string) => {
      await site.start(id, { runner: 'dataflow', launch, args: { number: id } });
      await site.client.workflow.getHandle(id).result();
    };
    await one(`${name}-warm-up`);
    const ids = Array.from({ length: runs }, (_, number) => `${name}-${number}`);
    const [cpu, machine] = [cpuByPart(site.root, worker.pid), cpuOfMachine()];
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let id = ids.shift(); id !== undefined; id = ids.shift()) await one(id);
      }),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const used = Object.entries(cpuByPart(site.root, worker.pid)).map(
      ([part, now]) => [part, Number(((now - (cpu[part] ?? 0)) / runs).toFixed(3))] as const,
    );
    const own = used.reduce((sum, [, each]) => sum + each, 0) * runs;
    return {
      ...options,
      seconds: Number(seconds.toFixed(2)),
      runs_per_second: Number((runs / seconds).toFixed(2)),
      cpu_s_per_run: Object.fromEntries(used),
      /** Cores that everything else on the machine used meanwhile, this program included. */
      other_cores: Number(((cpuOfMachine() - machine - own) / seconds).toFixed(2)),
    };
  } finally {
    await worker.stop();
  }
}

/** Runs of the benchmark's queue that are open. */
export async function openRuns({ client }: Site): Promise<number> {
  const query = `TaskQueue = '${benchQueue}' AND WorkflowType = '${workflowType}' AND ExecutionStatus = 'Running'`;
  return (await client.workflow.count(query)).count;
}

/** Waits until it is true. */
export async function until(condition: () => Promise<boolean>, everyMs = 1000): Promise<void> {
  while (!(await condition())) await sleep(everyMs);
}
