import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule resume NAME`. */
export function register(schedule: Command): void {
  schedule
    .command('resume')
    .description('let a paused schedule start runs again')
    .argument('<name>', 'name of the schedule')
    .option('--reason <text>', 'goes into the note of the schedule')
    .addHelpText('after', examples('schedule resume orders-hourly'))
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      await withSchedules({ root }, (schedules) => schedules.resume(name, reason));
      if (json) printJson({ name, resumed: true });
      else print(`${name}  resumed`);
    });
}
