import { fileURLToPath } from 'node:url';
import { choosePort } from '../../src/dev/environment/ports.js';
import { stackEnvironment } from '../../src/dev/environment/dev-environment.js';
import { startReadyChild } from '../../test/support/child.js';
import type { Site } from './site.js';

/** A worker process and what its SDK counts. */
export interface MeasuredWorker {
  pid: number;
  /**
   * The sum of a metric of the SDK (Prometheus), over the series whose labels contain each text.
   * Counters begin at the worker's start.
   */
  metric(name: string, ...labels: string[]): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a worker on the site. */
export async function startWorker(
  { root, stack }: Site,
  { inProcessPublisher = false } = {},
): Promise<MeasuredWorker> {
  const program = fileURLToPath(new URL('./worker.js', import.meta.url));
  const port = await choosePort(0);
  const flags = inProcessPublisher ? ['--in-process-publisher'] : [];
  const child = await startReadyChild(process.execPath, [program, root, String(port), ...flags], {
    cwd: root,
    env: stackEnvironment(root, stack.record),
  });
  return {
    pid: child.pid,
    async metric(name, ...labels) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) && labels.every((l) => line.includes(l)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    stop: () => child.end(),
  };
}
