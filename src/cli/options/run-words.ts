import { Option } from 'commander';
import { launchFields } from '../../config/envelope/launch-fields.js';
import { defaultRunner } from '../../runners/registry.js';
import { defaultTaskQueue } from '../../shared/names.js';
import type { Receipt } from '../../client/index.js';
import type { ReferenceArguments } from '../../shared/run/run-input.js';
import { optionWords, type OptionValues } from './option-words.js';
import { runOptions } from './run-options.js';
import { typedPath, typedProjectPath } from '../terminal/shell-command.js';

/** What a run was started with, as the command line says it. */
export interface StartedWith {
  /** As one would type it here; `FILE` if it is not known. */
  file: string;
  /** By the names of the options of `beamline run`. */
  options: OptionValues;
}

/** Options that tell what a run does, and those that tell of its config alone. */
type Extent = 'run' | 'config';

/** The words of a command of a config with the options that its run had. */
export function configWords(
  command: string,
  { file, options }: StartedWith,
  extent: Extent,
): string[] {
  const known = runOptions().filter(
    ({ long }) => extent === 'run' || long === '--arg' || long === '--profile',
  );
  return [command, file, ...optionWords(known, options)];
}

/**
 * What started the run of a receipt. A receipt of before that was kept tells most of it.
 * @param profiles path of the profiles that an old receipt names, if they were given
 */
export function startedWith(
  receipt:
    Pick<Receipt, 'config' | 'input' | 'task_queue' | 'runner' | 'args' | 'launch'> | undefined,
  profiles: string | undefined,
): StartedWith {
  if (receipt === undefined) return { file: 'FILE', options: {} };
  const { config, input, task_queue: taskQueue, runner, launch } = receipt;
  const file = typedProjectPath(config);
  if (input === undefined) {
    const profile = profiles === undefined ? {} : { profile: typedPath(profiles) };
    const elsewhere = runner === defaultRunner ? {} : { runner };
    return { file, options: { arg: receipt.args, ...profile, ...elsewhere } };
  }
  const isFlat = flatArguments.some((name) => name in input);
  return {
    file,
    options: {
      arg: input.args ?? {},
      ...(input.profile === undefined ? {} : { profile: typedProjectPath(input.profile) }),
      runner: input.runner ?? (isFlat ? runner : undefined),
      window: input.window,
      again: input.again,
      allowPlaintextProfile: input.allowPlaintextProfile,
      ...(taskQueue === defaultTaskQueue ? {} : { taskQueue }),
      ...launchValues(isFlat ? launch : input.launch),
    },
  };
}

/** Arguments of satokiyo/pydataflow-template's workflow: no option has their form. */
const flatArguments = [
  'gcs_temp_folder',
  'containerSpecGcsPath',
  'workerContainerImage',
  'numWorkers',
  'maxWorkers',
  'machineType',
  'subnetwork',
  'region',
] as const satisfies readonly (keyof ReferenceArguments)[];

/** Launch options by the names of their flags' attributes. */
function launchValues(launch: Receipt['launch'] = {}): OptionValues {
  return Object.fromEntries(
    launchFields.flatMap(({ name, flag }) =>
      launch[name] === undefined ? [] : [[new Option(flag).attributeName(), launch[name]]],
    ),
  );
}
