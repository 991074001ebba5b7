import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { commandOf } from '../../terminal/shell-command.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule trigger NAME`: a run out of turn. */
export function register(schedule: Command): void {
  schedule
    .command('trigger')
    .description('start a run of a schedule now, even if it is paused or another run goes on')
    .argument('<name>', 'name of the schedule')
    .option('--reason <text>', 'goes into the note of the schedule')
    .addHelpText('after', examples('schedule trigger orders-hourly'))
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      const run = await withSchedules({ root }, (schedules) => schedules.trigger(name, reason));
      if (json) printJson({ name, run });
      else if (run === null) note(`${name}  triggered; the server has not started the run yet`);
      else {
        print(`${name}  started ${run.workflow_id}`);
        print(`next: ${commandOf('status', run.workflow_id)}`);
      }
    });
}
