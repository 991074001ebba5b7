import { z } from 'zod';
import { jobStates } from '../../shared/run/job.js';
import { ApiError } from '../state/api-error.js';
import type { LaunchStorage } from '../state/storage.js';
import { runtimeEnvironment } from '../state/environment.js';
import type { Simulation } from '../state/job-record.js';
import { templateMetadata } from './parameters.js';

const simulation = z.strictObject({
  lastsMs: z.number().nonnegative().default(0),
  endState: z.enum(jobStates).default('JOB_STATE_DONE'),
  error: z.string().optional(),
  writes: z.array(z.strictObject({ uri: z.string(), content: z.string() })).default([]),
});

const simulateParameters = z.looseObject({
  simulate_ms: z.coerce.number().nonnegative().optional(),
  simulate_state: z.enum(jobStates).optional(),
});

/** A Flex Template's container spec; `simulate` is the emulator's own (docs/emulator.md). */
export const containerSpec = z.looseObject({
  image: z.string(),
  sdkInfo: z.looseObject({ language: z.string(), version: z.string().optional() }).optional(),
  metadata: templateMetadata.optional(),
  defaultEnvironment: runtimeEnvironment.optional(),
  simulate: simulation.optional(),
});
export type ContainerSpec = z.infer<typeof containerSpec>;

/**
 * Reads a container spec from storage.
 * @throws {@link ApiError} if it is missing or is none
 */
export async function readContainerSpec(
  uri: string,
  storage: LaunchStorage | null,
): Promise<ContainerSpec> {
  if (storage === null) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `Unable to open template file: ${uri}. The emulator was started without STORAGE_EMULATOR_HOST.`,
    );
  }
  let text: string | null;
  try {
    text = await storage.read(uri);
  } catch (error) {
    throw new ApiError('UNAVAILABLE', `Unable to open template file: ${uri}. ${String(error)}`);
  }
  if (text === null) {
    throw new ApiError('NOT_FOUND', `Unable to open template file: ${uri}.`);
  }
  return parseContainerSpec(uri, text);
}

function parseContainerSpec(uri: string, text: string): ContainerSpec {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new ApiError('INVALID_ARGUMENT', `Invalid template file ${uri}: it is not JSON.`);
  }
  const parsed = containerSpec.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiError(
    'INVALID_ARGUMENT',
    `Invalid template file ${uri}: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/**
 * The simulation of a spec whose image is `simulated`: `${name}` stands for the parameter of that
 * name, `${name.stem}` for the last part of its path without the extension.
 */
export function simulationOf(
  spec: ContainerSpec,
  parameters: Readonly<Record<string, string>>,
): Simulation | undefined {
  if (spec.image !== 'simulated') return undefined;
  const { error, ...rest } = spec.simulate ?? simulation.parse({});
  const filled = (text: string) =>
    text.replaceAll(/\$\{([a-z_]+)(\.stem)?\}/gi, (_, name: string, stem?: string) => {
      const value = parameters[name] ?? '';
      return stem === undefined ? value : value.replace(/^.*\//s, '').replace(/\.[^.]*$/, '');
    });
  const told = simulateParameters.safeParse(parameters);
  if (!told.success) {
    const [issue] = told.error.issues;
    throw new ApiError('INVALID_ARGUMENT', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { simulate_ms: lastsMs, simulate_state: endState } = told.data;
  return {
    lastsMs: lastsMs ?? rest.lastsMs,
    endState: endState ?? rest.endState,
    ...(error === undefined ? {} : { error }),
    writes: rest.writes.map(({ uri, content }) => ({ uri: filled(uri), content: filled(content) })),
  };
}
