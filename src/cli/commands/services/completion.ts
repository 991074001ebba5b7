import { Argument, type Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { printAsIs } from '../../terminal/output.js';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `beamline completion SHELL`: what the shell needs to complete our commands, options and choices. */
export function register(program: Command): void {
  program
    .command('completion')
    .description('print what a shell needs to complete commands, options and their choices')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', examples(...shells.map((shell) => `completion ${shell}`)))
    .action(async (shell: (typeof shells)[number]) => {
      const { completionsOf } = await import('../../completion/cases.js');
      const { bashCompletion, zshCompletion } = await import('../../completion/posix.js');
      const { fishCompletion } = await import('../../completion/fish.js');
      const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
      printAsIs(scripts[shell](completionsOf(program)));
    });
}
