import type { Command } from 'commander';
import type { Run } from '../../../client/index.js';
import { failureLines } from '../../lines/failure-lines.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';
import { shellCommand } from '../../terminal/shell-command.js';

/** `beamline cancel RUN`: asks a run to stop and clean up, and may wait until it has. */
export function register(program: Command): void {
  program
    .command('cancel')
    .description('cancel a run: its processes end, and it cleans up')
    .argument('<run>', runArgument)
    .option('--wait', 'wait until the run has cleaned up and closed')
    .addHelpText('after', examples('cancel latest --wait'))
    .action(async (reference: string, { wait }: { wait?: boolean }, command: Command) => {
      const { json, root } = globalsOf(command);
      await withBeamline({ root }, async (beamline) => {
        const run = await beamline.get(reference);
        const { closed_at, state } = await run.status();
        if (closed_at !== null) {
          if (json) printJson({ run_key: run.key, requested: false, state });
          else print(`run ${run.key} has ended already: ${state.replaceAll('_', ' ')}`);
          return;
        }
        await run.cancel();
        if (wait === true) await printEnd(run, json);
        else if (json) printJson({ run_key: run.key, requested: true, state });
        else {
          print(`asked run ${run.key} to cancel; it cleans up first`);
          if (!(await beamline.hasWorker())) print('no worker is there: it cancels when one is');
          print(`  ${shellCommand(`status ${run.key} --watch`)}   follows it`);
        }
      });
    });
}

async function printEnd(run: Run, json: boolean): Promise<void> {
  const { RunFailed } = await import('../../../client/index.js');
  const end = await run.result().catch((error: unknown) => {
    if (error instanceof RunFailed) return error;
    throw error;
  });
  const receipt = end instanceof RunFailed ? end.receipt : end;
  const state = end.outcome;
  if (json) printJson({ run_key: run.key, requested: true, state, receipt: receipt ?? null });
  else if (end instanceof RunFailed)
    print(`run ${run.key} ${failureLines(end, run.url).join('\n')}`);
  else print(`run ${run.key} had finished first: ${state}; ${shellCommand(`receipt ${run.key}`)}`);
}
