import type { Command } from 'commander';
import type { Run } from '../../../client/index.js';
import { optionsOf } from '../../../runners/registry.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { jobOf, referenceOf, withService } from '../../ask/job-service.js';
import { print, printJson } from '../../terminal/output.js';
import { shellCommand } from '../../terminal/shell-command.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';

/** `beamline drain RUN`: lets a streaming job finish what it has read. */
export function register(program: Command): void {
  program
    .command('drain')
    .description('let a streaming job finish what it has read; a batch job cannot be drained')
    .argument('<run>', runArgument)
    .addHelpText('after', examples('drain q4kx7mw2ta'))
    .action(async (reference: string, _options: unknown, command: Command) => {
      const { json, root } = globalsOf(command);
      await withBeamline({ root }, async (beamline) => {
        const run = await beamline.get(reference);
        const snapshot = await run.status();
        if (snapshot.closed_at !== null) {
          if (json) printJson({ run_key: run.key, requested: false, state: snapshot.state });
          else print(`run ${run.key} has ended already: ${snapshot.state.replaceAll('_', ' ')}`);
          return;
        }
        const { runner } = snapshot;
        if (runner !== null && !optionsOf(runner).hasService) {
          throw cannot(run, 'it runs here, without a Dataflow job');
        }
        const job = referenceOf(await jobOf(run, snapshot));
        if (job === null || runner === null) throw cannot(run, 'its job is not known yet');
        const { type } = await withService(runner, (service) => service.get(job));
        if (type === 'batch')
          throw cannot(run, 'its job is a batch job, which Dataflow cannot drain');
        await run.drain();
        if (json) printJson({ run_key: run.key, requested: true, state: snapshot.state });
        else {
          print(`asked run ${run.key} to drain its job`);
          print(`  ${shellCommand(`status ${run.key} --watch`)}   follows it`);
        }
      });
    });
}

/** Said before anything is sent. */
function cannot(run: Run, reason: string): CliError {
  return new CliError(`run ${run.key} cannot be drained: ${reason}`, {
    exitCode: exitCodes.badInput,
    hint: `End it: ${shellCommand(`cancel ${run.key}`)}`,
  });
}
