import type { RunnerOptions } from '../runner.js';

export const options = {
  summary: 'Beam in a process that outlives the worker, and tells its end by a signal',
} as const satisfies RunnerOptions;
