import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule delete NAME`. */
export function register(schedule: Command): void {
  schedule
    .command('delete')
    .description('delete a schedule; its runs go on')
    .argument('<name>', 'name of the schedule')
    .option('--reason <text>', 'goes into the note of the schedule')
    .addHelpText('after', examples('schedule delete orders-hourly'))
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      await withSchedules({ root }, (schedules) => schedules.delete(name, reason));
      if (json) printJson({ name, deleted: true });
      else print(`${name}  deleted`);
    });
}
