import type { RunnerOptions } from '../runner.js';

export const options = {
  summary: 'a job on Google Cloud Dataflow, from a Flex Template',
  isRemote: true,
  takesLaunch: true,
  hasService: true,
  takesReferenceArguments: true,
  targetField: 'dataflow',
} as const satisfies RunnerOptions;
