import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule pause NAME`. */
export function register(schedule: Command): void {
  schedule
    .command('pause')
    .description('keep a schedule from starting runs; `schedule apply` leaves it paused')
    .argument('<name>', 'name of the schedule')
    .option('--reason <text>', 'goes into the note of the schedule')
    .addHelpText('after', examples('schedule pause orders-hourly --reason "the shop moves"'))
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      await withSchedules({ root }, (schedules) => schedules.pause(name, reason));
      if (json) printJson({ name, paused: true });
      else print(`${name}  paused`);
    });
}
