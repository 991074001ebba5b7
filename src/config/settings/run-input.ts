import { z } from 'zod';
import type { LaunchOptions } from '../../shared/run/job.js';
import type { ReferenceArguments, RunPipelineInput } from '../../shared/run/run-input.js';
import { bucketPathMessage } from '../values/bucket-path.js';
import { inputProblems } from '../checks/input-problems.js';
import { jsonLength } from '../../shared/form.js';
import { sourceWindow } from '../../shared/run/manifest.js';
import { runnerNames, runnerOfReference } from '../../runners/registry.js';
import { runKeyPattern } from '../../shared/run-key.js';
import { launchFields } from '../envelope/launch-fields.js';
import { launchInput, schemaOf } from '../envelope/launch-schema.js';
import { mergeLaunch } from '../envelope/merge-launch.js';
import { ConfigProblems, type Problem } from '../document/problems.js';
import { isMapping, shown } from '../values/values.js';
import { number } from '../../shared/counts.js';

/** A run's input, read: everything that follows looks at this. */
export interface ReadRunInput {
  input: Omit<RunPipelineInput, keyof ReferenceArguments | 'launch' | 'runner'>;
  /** As the input says, or as its arguments imply; undefined leaves it to the config. */
  runner: string | undefined;
  launch: LaunchOptions;
  notes: string[];
}

const origin = "the run's input";

/** The arguments of satokiyo/pydataflow-template's workflow, and the options that they are. */
const referenceOptions = {
  gcs_temp_folder: ['tempLocation', 'stagingLocation'],
  containerSpecGcsPath: ['containerSpecGcsPath'],
  workerContainerImage: ['sdkContainerImage'],
  numWorkers: ['numWorkers'],
  maxWorkers: ['maxWorkers'],
  machineType: ['machineType'],
  subnetwork: ['subnetwork'],
  region: ['region'],
} as const satisfies Record<
  Exclude<keyof ReferenceArguments, 'pollingSeconds'>,
  readonly (keyof LaunchOptions)[]
>;

/** A whole input is smaller than this: it goes into the run's history, and what is made of it too. */
const mostBytes = 256_000;
const mostArgs = 1000;

/** One line of a sane length; what it leads to is checked where it is opened. */
const path = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => !/\p{Cc}/u.test(text), 'must be a path on one line');
/** Becomes a part of paths. */
const runKey = z
  .string()
  .regex(runKeyPattern, 'must be the key of a run: 10 characters of a-z and 2-7');
const moment = z.string().max(100);

const ownKeys = {
  config: path,
  profile: path.optional(),
  runner: z.enum(runnerNames).optional(),
  launch: z.record(z.string(), z.unknown()).optional(),
  allowPlaintextProfile: z.boolean().optional(),
  args: z.record(z.string(), z.unknown()).optional(),
  store: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be the id of a store')
    .optional(),
  plan: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a sha256 of 64 digits')
    .optional(),
  rerun_of: runKey.optional(),
  window: z.strictObject({ start: moment.optional(), end: moment.optional() }).optional(),
  again: z.boolean().optional(),
  windows: z.record(z.string(), sourceWindow).optional(),
  complete: z.boolean().optional(),
  over_newer: z.boolean().optional(),
} satisfies Record<Exclude<keyof RunPipelineInput, keyof ReferenceArguments>, z.ZodType>;

const runInput = z.strictObject({
  ...ownKeys,
  ...referenceShape(),
  pollingSeconds: z.number().optional(),
});

/**
 * Reads what started a run: Beamline's own input, or the flat argument object of
 * satokiyo/pydataflow-template as it is, where an empty text counts as absent and a number may be a
 * text.
 * @throws `ConfigProblems` naming every argument that is wrong
 */
export function readRunInput(given: RunPipelineInput): ReadRunInput {
  assertSize(given);
  const value = numbersOf(withoutEmpty(given));
  const parsed = runInput.safeParse(value);
  if (!parsed.success) throw new ConfigProblems(problemsIn(parsed.error, value, runInput));
  const problems = [
    ...inBucket(parsed.data.config, 'config'),
    ...inBucket(parsed.data.profile, 'profile'),
  ];
  const own = withoutEmpty(parsed.data.launch ?? {});
  const renamed = 'workerContainerImage' in own ? renameImage(own) : own;
  const launch = launchInput.safeParse(renamed);
  if (!launch.success) problems.push(...problemsIn(launch.error, renamed, launchInput, 'launch'));
  if (!launch.success || problems.length > 0) throw new ConfigProblems(problems);
  const flat = flatOptions(parsed.data as ReferenceArguments);
  const isReference = Object.keys(flat).length > 0;
  const notes =
    parsed.data.pollingSeconds === undefined
      ? []
      : ['`pollingSeconds` is ignored: a run is told of its job by events, and does not poll'];
  return {
    input: Object.fromEntries(
      Object.keys(ownKeys)
        .filter((key) => key !== 'runner' && key !== 'launch' && key in parsed.data)
        .map((key) => [key, parsed.data[key as keyof typeof ownKeys]]),
    ) as ReadRunInput['input'],
    runner: parsed.data.runner ?? (isReference ? runnerOfReference : undefined),
    launch: mergeLaunch(flat, launch.data),
    notes,
  };
}

/** Before it is looked into: also of `null`, which a client may send. */
function assertSize(given: unknown): void {
  if (!isMapping(given))
    return refuse('', `must be a mapping such as {"config": "orders.yaml"}, got ${shown(given)}`);
  if (jsonLength(given) === null) refuse('', 'is nested too deeply');
  const bytes = Buffer.byteLength(JSON.stringify(given));
  if (bytes > mostBytes)
    refuse('', `has ${number(bytes)} bytes; at most ${number(mostBytes)} are allowed`);
  const count = isMapping(given['args']) ? Object.keys(given['args']).length : 0;
  if (count > mostArgs)
    refuse('args', `has ${number(count)} entries; at most ${number(mostArgs)} are allowed`);
}

function refuse(where: string, message: string): never {
  throw new ConfigProblems([{ file: origin, line: 0, column: 0, path: where, message }]);
}

function referenceShape(): Record<string, z.ZodOptional> {
  return Object.fromEntries(
    Object.entries(referenceOptions).map(([argument, [name]]) => {
      const field = launchFields.find((candidate) => candidate.name === name);
      return [argument, (field === undefined ? z.unknown() : schemaOf(field)).optional()];
    }),
  );
}

function flatOptions(data: ReferenceArguments): LaunchOptions {
  return Object.fromEntries(
    Object.entries(referenceOptions).flatMap(([argument, names]) => {
      const value = data[argument as keyof ReferenceArguments];
      return value === undefined ? [] : names.map((name) => [name, value]);
    }),
  ) as LaunchOptions;
}

/** The reference passes `""` for what is not given. */
function withoutEmpty(given: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([, value]) => value !== '' && value !== null && value !== undefined,
    ),
  );
}

/** The reference's callers write numbers as texts, too. */
function numbersOf(value: Record<string, unknown>): Record<string, unknown> {
  const read = { ...value };
  for (const name of ['numWorkers', 'maxWorkers', 'pollingSeconds']) {
    const text = read[name];
    if (typeof text === 'string' && /^\d{1,9}$/.test(text)) read[name] = Number(text);
  }
  return read;
}

function renameImage({ workerContainerImage, ...rest }: Record<string, unknown>): object {
  return { sdkContainerImage: workerContainerImage, ...rest };
}

function inBucket(path: string | undefined, key: 'config' | 'profile'): Problem[] {
  const message = bucketPathMessage(path ?? '', key);
  return message === undefined ? [] : [{ file: origin, line: 0, column: 0, path: key, message }];
}

function problemsIn(
  error: z.ZodError,
  value: unknown,
  schema: z.ZodType,
  below?: string,
): Problem[] {
  return inputProblems(error.issues, {
    origin,
    value: isMapping(value) ? value : {},
    schema: () => z.toJSONSchema(schema, { io: 'input' }),
  }).map((found) => (below === undefined ? found : { ...found, path: `${below}.${found.path}` }));
}
