import { join } from 'node:path';
import type { Command } from 'commander';
import { keepStatePrivate } from '../../../process/private-state.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { flags, type FlagValues } from '../../../emulator/arguments.js';
import { examples } from '../../terminal/examples.js';

/** `beamline emulator`: an emulator of Dataflow, or with `bigquery` one of BigQuery, until Ctrl-C. */
export function register(program: Command): void {
  const command = program
    .command('emulator')
    .description('run an emulator of Dataflow that really runs its jobs, until Ctrl-C')
    .argument('[command...]', 'after `--`: what runs a template instead of its Python module')
    .addHelpText(
      'after',
      examples(
        'emulator --http-port 9081',
        'emulator --folder .beamline/dataflow --queued-ms 500 -- node my-template.js',
      ),
    );
  for (const [name, flag] of Object.entries(flags)) {
    const value = 'value' in flag ? ` <${flag.value}>` : '';
    if ('many' in flag) command.option(`--${name}${value}`, flag.about, collected, []);
    else command.option(`--${name}${value}`, flag.about);
  }
  registerBigQuery(command);
  command.action(async (templateCommand: string[], given: Record<string, unknown>) => {
    keepStatePrivate();
    const { json, root } = globalsOf(command);
    const { ArgumentsInvalid, emulatorOptions } = await import('../../../emulator/arguments.js');
    const { runEmulator } = await import('../../../emulator/run.js');
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

function registerBigQuery(emulator: Command): void {
  const command = emulator
    .command('bigquery')
    .description('run an emulator of BigQuery, until Ctrl-C')
    .option('--folder <dir>', 'where datasets, tables and jobs are kept (.beamline/bigquery)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 means a free one', '0')
    .addHelpText('after', examples('emulator bigquery --port 9050'));
  command.action(async () => {
    const { json, root } = globalsOf(command);
    // The parent takes options of the same names wherever they stand.
    const given = command.optsWithGlobals<{ folder?: string; host: string; port: string }>();
    const port = Number(given.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      const message = `--port must be a port, but is ${given.port}`;
      throw new CliError(message, { exitCode: exitCodes.badInput });
    }
    keepStatePrivate();
    const { runBigQueryEmulator } = await import('../../../dev/services/run-bigquery.js');
    const folder = given.folder ?? join(root, '.beamline', 'bigquery');
    const code = await runBigQueryEmulator({ folder, host: given.host, port }, (endpoint) => {
      if (json) printJson({ endpoint });
      else for (const line of bigqueryAdvice(endpoint)) print(line);
    });
    process.exit(code);
  });
}

function bigqueryAdvice(endpoint: string): string[] {
  const storage = process.env['STORAGE_EMULATOR_HOST'];
  return [
    `BigQuery emulator: ${endpoint}`,
    storage ? `gs:// is read from ${storage}` : 'STORAGE_EMULATOR_HOST is not set: no gs:// URIs',
    '',
    `  export BIGQUERY_EMULATOR_HOST=${endpoint}`,
    '',
    'Ctrl-C stops it; docs/emulator.md says more.',
  ];
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
