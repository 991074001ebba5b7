import { z } from 'zod';
import { randomBytes } from 'node:crypto';
import { ApiError } from '../state/api-error.js';
import type { Faults } from '../state/faults.js';
import type { State } from '../state/state.js';
import type { LaunchStorage } from '../state/storage.js';
import {
  containerSpec,
  readContainerSpec,
  simulationOf,
  type ContainerSpec,
} from './container-spec.js';
import {
  environmentOf,
  runtimeEnvironment,
  type RuntimeEnvironment,
} from '../state/environment.js';
import { isTerminal, newJobId, type JobRecord } from '../state/job-record.js';
import { checkParameters } from './parameters.js';

export const launchRequest = z.looseObject({
  projectId: z.string().min(1),
  location: z.string().min(1),
  validateOnly: z.boolean().optional(),
  launchParameter: z.looseObject({
    jobName: z.string(),
    containerSpec: containerSpec.optional(),
    containerSpecGcsPath: z.string().optional(),
    parameters: z.record(z.string(), z.string()).default({}),
    environment: runtimeEnvironment.default({}),
    update: z.boolean().optional(),
  }),
});
export type LaunchRequest = z.infer<typeof launchRequest>;

/**
 * The job that a launch asks for, checked; it is not begun. Null for `validateOnly`.
 * @throws {@link ApiError} as the service does
 */
export async function launchedJob(
  request: LaunchRequest,
  { state, storage, faults }: { state: State; storage: LaunchStorage | null; faults: Faults },
): Promise<JobRecord | null> {
  const { projectId: project, location: region, launchParameter } = request;
  const { jobName: name, parameters } = launchParameter;
  if (!/^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/.test(name)) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `The job name "${name}" must match [a-z]([-a-z0-9]{0,1022}[a-z0-9])?`,
    );
  }
  const spec = await specOf(launchParameter, storage);
  checkParameters(spec.metadata, parameters);
  const runtime = mergedEnvironment(spec.defaultEnvironment ?? {}, launchParameter.environment);
  const labels = runtime.additionalUserLabels ?? {};
  checkLabels(labels);
  const simulation = simulationOf(spec, parameters);
  const replaced =
    launchParameter.update === true ? replacedJob(state, project, region, name) : null;
  if (replaced === null) assertNameFree(state, project, region, name);
  if (request.validateOnly === true) return null;
  const now = Date.now();
  const version = spec.sdkInfo?.version ?? '';
  const language = spec.sdkInfo?.language ?? 'PYTHON';
  return {
    id: newJobId(now),
    project,
    region,
    name,
    type: spec.metadata?.streaming === true ? 'JOB_TYPE_STREAMING' : 'JOB_TYPE_BATCH',
    state: 'JOB_STATE_QUEUED',
    stateTime: now,
    createTime: now,
    labels,
    parameters,
    environment: environmentOf(runtime, {
      project,
      region,
      name,
      parameters,
      image: spec.image,
      language: language.charAt(0) + language.slice(1).toLowerCase(),
      version,
    }),
    args: argumentsOf(parameters, runtime, { project, region }),
    sdkVersion: version,
    faults: faults.takeLaunch(name),
    ...(simulation ? { simulation } : {}),
    ...(replaced ? { replaceJobId: replaced.id } : {}),
  };
}

async function specOf(
  { containerSpec, containerSpecGcsPath }: LaunchRequest['launchParameter'],
  storage: LaunchStorage | null,
): Promise<ContainerSpec> {
  if (containerSpec !== undefined) return containerSpec;
  if (containerSpecGcsPath?.startsWith('gs://')) {
    return readContainerSpec(containerSpecGcsPath, storage);
  }
  throw new ApiError(
    'INVALID_ARGUMENT',
    'launchParameter.containerSpecGcsPath must be a gs:// path, or containerSpec must be given.',
  );
}

/** The spec's defaults below the launch's own; an empty value of the launch counts as not given. */
function mergedEnvironment(
  defaults: RuntimeEnvironment,
  given: RuntimeEnvironment,
): RuntimeEnvironment {
  const labels = { ...defaults.additionalUserLabels, ...given.additionalUserLabels };
  return { ...defaults, ...given, additionalUserLabels: labels };
}

/** https://cloud.google.com/resource-manager/docs/labels-overview */
function checkLabels(labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length > 64) {
    throw new ApiError('INVALID_ARGUMENT', 'A job can have at most 64 labels.');
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!/^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key)) {
      throw new ApiError('INVALID_ARGUMENT', `The label key "${key}" is invalid.`);
    }
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value)) {
      throw new ApiError('INVALID_ARGUMENT', `The value "${value}" of label "${key}" is invalid.`);
    }
  }
}

function activeJob(state: State, project: string, region: string, name: string): JobRecord | null {
  for (const job of state.jobs.values()) {
    if (job.name !== name || job.project !== project || job.region !== region) continue;
    if (!isTerminal(job.state)) return job;
  }
  return null;
}

/** @throws {@link ApiError} ALREADY_EXISTS, which does not say whose job it is */
export function assertNameFree(state: State, project: string, region: string, name: string): void {
  if (activeJob(state, project, region, name) === null) return;
  throw new ApiError(
    'ALREADY_EXISTS',
    `(${randomBytes(8).toString('hex')}): There is already an active job named ${name}. If you want to  submit a second job, try again by setting a different name.`,
  );
}

function replacedJob(state: State, project: string, region: string, name: string): JobRecord {
  const job = activeJob(state, project, region, name);
  if (job === null) {
    throw new ApiError('NOT_FOUND', `There is no active job named ${name} to update.`);
  }
  if (job.type !== 'JOB_TYPE_STREAMING') {
    throw new ApiError('INVALID_ARGUMENT', `Job ${name} is a batch job and cannot be updated.`);
  }
  return job;
}

/**
 * The command's arguments: parameters and the pipeline options that mean something outside the
 * service. The runner is the command's own, a local one.
 */
function argumentsOf(
  parameters: Readonly<Record<string, string>>,
  runtime: RuntimeEnvironment,
  { project, region }: { project: string; region: string },
): string[] {
  const options = [
    `project=${project}`,
    `region=${region}`,
    ...(runtime.tempLocation ? [`temp_location=${runtime.tempLocation}`] : []),
    ...(runtime.stagingLocation ? [`staging_location=${runtime.stagingLocation}`] : []),
    ...(runtime.additionalPipelineOptions ?? []).map((option) => option.replace(/^--/, '')),
  ];
  return [
    ...Object.entries(parameters).map(([name, value]) => `--${name}=${value}`),
    ...options.filter((option) => !/^runner(=|$)/.test(option)).map((option) => `--${option}`),
  ];
}
