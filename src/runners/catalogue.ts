// Written by `npm run generate` from `*/options.ts`: what each runner says of itself.
export const runnerCatalogue = {
  dataflow: {
    summary: 'a job on Google Cloud Dataflow, from a Flex Template',
    isRemote: true,
    takesLaunch: true,
    hasService: true,
    takesReferenceArguments: true,
    targetField: 'dataflow',
  },
  local: {
    summary: 'Beam on the host that prepared the run, in a process of its worker',
    isDefault: true,
  },
} as const;
