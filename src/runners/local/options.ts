import type { RunnerOptions } from '../runner.js';

export const options = {
  summary: 'Beam on the host that prepared the run, in a process of its worker',
  isDefault: true,
} as const satisfies RunnerOptions;
