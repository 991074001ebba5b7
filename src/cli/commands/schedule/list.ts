import type { Command } from 'commander';
import { examples } from '../../examples.js';
import { globalsOf } from '../../globals.js';
import { print, printJson } from '../../output.js';
import { shellCommand } from '../../shell-command.js';
import { tableLines } from '../../table.js';
import { withSchedules } from '../../temporal.js';

/** `beamline schedule list`: this project's schedules. */
export function register(schedule: Command): void {
  schedule
    .command('list')
    .description("list this project's schedules, when they run next, and what they missed")
    .addHelpText('after', examples('schedule list'))
    .action(async (_options: object, command: Command) => {
      const { json, root } = globalsOf(command);
      const { scheduleDocument, scheduleRows } = await import('../../schedule-lines.js');
      const schedules = await withSchedules({ root }, (all) => all.list());
      if (json) printJson({ schedules: schedules.map((one) => scheduleDocument(one)) });
      else if (schedules.length === 0) {
        print('no schedule yet');
        print(`next: ${shellCommand('schedule plan')}`);
      } else for (const line of tableLines(...scheduleRows(schedules))) print(line);
    });
}
