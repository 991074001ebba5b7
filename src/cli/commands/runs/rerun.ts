import { Option, type Command } from 'commander';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { followRun } from '../../follow/follow.js';
import { globalsOf } from '../../options/globals.js';
import { note } from '../../terminal/output.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';
import { printStarted, warnWithoutWorker } from './run.js';
import { commandOf } from '../../terminal/shell-command.js';

interface Options {
  again?: boolean;
  overNewer?: boolean;
  detach?: boolean;
}

/** `beamline rerun RUN`: the pinned plan of an earlier run, with its arguments. */
export function register(program: Command): void {
  program
    .command('rerun')
    .description('run the plan of an earlier run again, as it was, and wait for the end')
    .argument('<run>', runArgument)
    .option('--again', 'even if that appends rows which are there already')
    .addOption(
      new Option(
        '--over-newer',
        'publish what the run left also where rows that were read later are there',
      ).conflicts('again'),
    )
    .addOption(new Option('--wait', 'wait for the end (the default)').conflicts('detach'))
    .option('--detach', 'start the run, print its key and return')
    .addHelpText('after', examples('rerun q4kx7mw2ta', 'rerun q4kx7mw2ta --over-newer --detach'))
    .action(async (reference: string, { again, overNewer, detach }: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { CannotRerun } = await import('../../../client/index.js');
      await withBeamline({ root }, async (beamline) => {
        const { run, input } = await beamline
          .rerun(reference, { again, overNewer })
          .catch((error: unknown) => {
            if (!(error instanceof CannotRerun) || !error.wouldAppendAgain) throw error;
            throw new CliError(error.message, {
              exitCode: exitCodes.badInput,
              hint: `Append them again: ${commandOf('rerun', reference, '--again')}`,
              cause: error,
            });
          });
        if (!json) note(`rerun of ${input.rerun_of ?? reference}  ${input.config}  run ${run.key}`);
        await warnWithoutWorker(beamline, input.store);
        if (detach === true) printStarted(run, json);
        else await followRun(run, { json });
      });
    });
}
