import { delimiter, dirname } from 'node:path';
import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { runningStack } from '../../ask/running-stack.js';
import { printAsIs, printJson } from '../../terminal/output.js';
import { shellWord } from '../../terminal/shell-command.js';

/** `beamline dev env`: what other programs need to find the local stack, as lines of a shell. */
export function register(dev: Command): void {
  dev
    .command('env')
    .description('print what leads other programs to the local stack, as lines of a shell')
    .addHelpText('after', examples('dev env'))
    .action(async (_: unknown, command: Command) => {
      const { json, root } = globalsOf(command);
      const { temporal, storage, environment } = await runningStack(root);
      const { findTemporalCli } = await import('../../../dev/services/temporal-cli.js');
      const variables: Record<string, string> = {
        TEMPORAL_ADDRESS: temporal.address,
        TEMPORAL_NAMESPACE: temporal.namespace,
        ...environment,
        ...(storage && {
          CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${storage.endpoint}/storage/v1/`,
        }),
      };
      const cli = findTemporalCli();
      if (json) {
        printJson({ environment: variables, temporal_cli: cli });
        return;
      }
      for (const [name, text] of Object.entries(variables)) {
        printAsIs(`export ${name}=${shellWord(text)}`);
      }
      const folder = dirname(cli);
      const isOnPath = (process.env['PATH'] ?? '').split(delimiter).includes(folder);
      if (!isOnPath) printAsIs(`export PATH=${shellWord(folder)}:"$PATH" # temporal`);
    });
}
