import type { Command } from 'commander';
import { exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { withSchedules } from '../../ask/temporal.js';
import { counted } from '../../../shared/counts.js';

interface Options {
  taskQueue: string;
  reason?: string;
}

/** `beamline schedule apply [PATH…]`: makes Temporal's schedules what the configs say. */
export function register(schedule: Command): void {
  schedule
    .command('apply')
    .description("create, update and delete this project's schedules as the configs say")
    .argument('[paths...]', 'configs, and folders of configs (default: configs/)')
    .option('--task-queue <name>', 'task queue of the workers', 'beamline')
    .option('--reason <text>', 'goes into the notes of the schedules that change')
    .addHelpText(
      'after',
      examples('schedule apply', 'schedule apply configs/orders.yaml --reason "ticket 12"'),
    )
    .action(async (paths: string[], options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { changeDocument, pathsToPlan, signOf } = await import('../../lines/schedule-lines.js');
      const given = pathsToPlan(paths, root);
      await withSchedules({ root, taskQueue: options.taskQueue }, async (schedules) => {
        const plan = await schedules.plan(given.paths, given);
        const applied = await schedules.apply(plan, {
          reason: options.reason,
          onApplied({ change, failure }) {
            if (json) return;
            const { sign, past } = signOf(change);
            if (failure === null) print(`${sign} ${change.name}  ${past}`);
            else note(`! ${change.name}  not ${past}: ${failure.message}`);
          },
        });
        const failed = applied.filter(({ failure }) => failure !== null);
        const unchanged = plan.changes.filter(({ kind }) => kind === 'unchanged').length;
        if (json) {
          const now = new Date();
          printJson({
            deployment: plan.deployment,
            unchanged,
            applied: applied.map(({ change, failure }) => ({
              ...changeDocument(change, now),
              failure: failure?.message ?? null,
            })),
          });
        } else {
          const made = counted(applied.length - failed.length, 'change');
          print(`${made} made, ${unchanged} unchanged.`);
          if (failed.length > 0) note(`${counted(failed.length, 'change')} failed; apply again.`);
        }
        if (failed.length > 0) process.exitCode = exitCodes.failed;
      });
    });
}
