import type { RunnerService } from '../../gateways/dataflow.js';
import { loadRunnerPart } from '../../runners/load.js';

/** The service that the jobs of a runner are on; only of one that has one (`hasService`). */
export function serviceOf(runner: string): Promise<RunnerService> {
  return loadRunnerPart(runner, 'service');
}
