import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../errors.js';
import { globalsOf } from '../globals.js';
import { note, print, printJson } from '../output.js';
import { flags, type FlagValues } from '../../emulator/arguments.js';

/** `beamline emulator`: an emulator of Dataflow, until Ctrl-C. */
export function register(program: Command): void {
  const command = program
    .command('emulator')
    .description('run an emulator of Dataflow that really runs its jobs, until Ctrl-C')
    .argument('[command...]', 'after `--`: what runs a template instead of its Python module');
  for (const [name, flag] of Object.entries(flags)) {
    const value = 'value' in flag ? ` <${flag.value}>` : '';
    if ('many' in flag) command.option(`--${name}${value}`, flag.about, collected, []);
    else command.option(`--${name}${value}`, flag.about);
  }
  command.action(async (templateCommand: string[], given: Record<string, unknown>) => {
    const { json, root } = globalsOf(command);
    const { ArgumentsInvalid, emulatorOptions } = await import('../../emulator/arguments.js');
    const { runEmulator } = await import('../../emulator/run.js');
    const values: FlagValues = {
      folder: join(root, '.beamline', 'dataflow'),
      ...Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
          value,
        ]),
      ),
    };
    try {
      const options = { cwd: root, ...emulatorOptions(values, templateCommand) };
      await runEmulator(options, values['exit-with-parent'] === true, (at) => {
        if (json) printJson(at);
        else for (const line of advice(at)) print(line);
      });
      note('stopped; jobs that run go on, and the next emulator takes them up');
    } catch (error) {
      if (!(error instanceof ArgumentsInvalid)) throw error;
      throw new CliError(error.message, { exitCode: exitCodes.badInput });
    }
    // Idle connections of the storage client would keep the process for a while.
    process.exit(0);
  });
}

function advice({ grpc, http }: { grpc: string; http: string }): string[] {
  return [
    `Dataflow emulator: gRPC ${grpc}, REST and pages ${http}`,
    '',
    `  export DATAFLOW_EMULATOR_HOST=${grpc}`,
    `  export DATAFLOW_EMULATOR_CONSOLE=${http}`,
    `  export SECRET_MANAGER_EMULATOR_HOST=${http}`,
    `  export CLOUDSDK_API_ENDPOINT_OVERRIDES_DATAFLOW=${http}/`,
    '',
    'Ctrl-C stops it; docs/emulator.md says more.',
  ];
}

function collected(value: string, before: string[]): string[] {
  return [...before, value];
}
