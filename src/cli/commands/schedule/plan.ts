import type { Command } from 'commander';
import { exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { givenOptions, optionWords } from '../../options/option-words.js';
import { commandOf } from '../../terminal/shell-command.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule plan [PATH…]`: what `schedule apply` would do. */
export function register(schedule: Command): void {
  schedule
    .command('plan')
    .description('show what `schedule apply` would create, update and delete')
    .argument('[paths...]', 'configs, and folders of configs (default: configs/)')
    .option('--task-queue <name>', 'task queue of the workers', 'beamline')
    .option('--exit-code', 'exit with 5 if something would change')
    .addHelpText('after', examples('schedule plan', 'schedule plan configs/ --exit-code'))
    .action(
      async (
        paths: string[],
        options: { taskQueue: string; exitCode?: boolean },
        command: Command,
      ) => {
        const { json, root } = globalsOf(command);
        const { changeDocument, isPending, pathsToPlan, planLines } =
          await import('../../lines/schedule-lines.js');
        const given = pathsToPlan(paths, root);
        await withSchedules({ root, taskQueue: options.taskQueue }, async (schedules) => {
          const { changes, deployment } = await schedules.plan(given.paths, given);
          const now = new Date();
          const { exitCode: _own, ...same } = givenOptions(command);
          const words = optionWords(command.options, same);
          const apply = commandOf('schedule', 'apply', ...paths, ...words);
          if (json)
            printJson({ deployment, changes: changes.map((one) => changeDocument(one, now)) });
          else for (const line of planLines(changes, { now, apply })) print(line);
          if (options.exitCode === true && changes.some(isPending)) {
            process.exitCode = exitCodes.changesPending;
          }
        });
      },
    );
}
