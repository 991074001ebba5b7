import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { shellCommand } from '../../terminal/shell-command.js';
import { tableLines } from '../../terminal/table.js';
import { withSchedules } from '../../ask/temporal.js';

/** `beamline schedule list`: this project's schedules. */
export function register(schedule: Command): void {
  schedule
    .command('list')
    .description("list this project's schedules, when they run next, and what they missed")
    .addHelpText('after', examples('schedule list'))
    .action(async (_options: object, command: Command) => {
      const { json, root } = globalsOf(command);
      const { scheduleDocument, scheduleRows } = await import('../../lines/schedule-lines.js');
      const schedules = await withSchedules({ root }, (all) => all.list());
      if (json) printJson({ schedules: schedules.map((one) => scheduleDocument(one)) });
      else if (schedules.length === 0) {
        print('no schedule yet');
        print(`next: ${shellCommand('schedule plan')}`);
      } else for (const line of tableLines(...scheduleRows(schedules))) print(line);
    });
}
