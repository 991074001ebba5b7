import { relative, resolve } from 'node:path';
import { defaultTaskQueue } from '../../../shared/names.js';
import type { Command } from 'commander';
import type { Beamline, Run, RunRequest } from '../../../client/index.js';
import { examples } from '../../terminal/examples.js';
import { hint } from '../../terminal/colour.js';
import { followRun } from '../../follow/follow.js';
import { globalsOf } from '../../options/globals.js';
import { launchOf, noteUnused } from '../../options/launch-options.js';
import { note, print, printJson } from '../../terminal/output.js';
import { withBeamline } from '../../ask/temporal.js';
import { runOptions } from '../../options/run-options.js';
import { shellCommand, shellWord } from '../../terminal/shell-command.js';

interface Options {
  arg: Record<string, string>;
  profile?: string;
  runner?: string;
  allowPlaintextProfile?: boolean;
  window?: { start?: string; end?: string };
  again?: boolean;
  wait?: boolean;
  detach?: boolean;
  taskQueue?: string;
}

/** `beamline run FILE`: checks a config, starts a run of it, and waits for its end. */
export function register(program: Command): void {
  const run = program
    .command('run')
    .description('run a config, and wait for the end')
    .argument('<file>', 'a config, YAML or JSON')
    .addHelpText(
      'after',
      examples(
        'run configs/orders.yaml --arg day=2026-01-31',
        'run configs/orders.yaml --window 2026-01-01..2026-02-01',
        'run configs/orders.yaml --runner dataflow --max-workers 4 --detach',
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const request = await requestOf(file, options, root);
      noteUnused(request.runner, options);
      const { taskQueue } = options;
      await withBeamline({ root, ...(taskQueue && { taskQueue }) }, async (beamline) => {
        const run = await beamline.start(request);
        if (!json) note(`run ${request.pipeline}  ${file}  run ${run.key}`);
        await warnWithoutWorker(beamline);
        if (options.detach === true) printStarted(run, json);
        else await followRun(run, { json, steps: request.steps });
      });
    });
  for (const option of runOptions()) run.addOption(option);
}

async function requestOf(file: string, options: Options, root: string): Promise<RunRequest> {
  const { arg, profile, runner, allowPlaintextProfile, window, again } = options;
  const launch = launchOf({ ...options });
  const { createRunRequest } = await import('../../../client/run-request.js');
  return createRunRequest(resolve(file), {
    root,
    shownAs: file,
    args: arg,
    ...(profile !== undefined && { profile: resolve(profile) }),
    ...(runner !== undefined && { runner }),
    ...(launch !== undefined && { launch }),
    ...(window !== undefined && { window }),
    ...(again === true && { again }),
    ...(allowPlaintextProfile === true && { allowPlaintextProfile }),
  });
}

/** A run without a worker waits for ever: say so at once. */
export async function warnWithoutWorker(beamline: Beamline, storeId?: string): Promise<void> {
  if (await beamline.hasWorker(storeId)) return;
  const { packageRoot } = await import('../../../dev/services/tools.js');
  const main = resolve(packageRoot, 'dist/src/worker/main.js');
  const shown = relative('', main).startsWith('..') ? main : relative('', main);
  const which = storeId === undefined ? '' : ` of the store ${storeId}`;
  note(
    `warning: no worker${which} asks for work at ${beamline.address} (task queue ${beamline.taskQueue}); the run waits for one`,
  );
  note(
    `  ${shellCommand('dev')} starts one with a local stack; beside another Temporal: ${workerCommand(shown, beamline)}`,
  );
}

function workerCommand(main: string, { root, taskQueue }: Beamline): string {
  const queue = taskQueue === defaultTaskQueue ? [] : ['--task-queue', taskQueue];
  return ['node', main, '--root', root, ...queue].map(shellWord).join(' ');
}

/** What `--detach` prints. */
export function printStarted(run: Run, json: boolean): void {
  if (json) {
    printJson({ run_key: run.key, workflow_id: run.workflowId, timeline: run.url });
    return;
  }
  print(`started ${run.key}`);
  print(hint(`  follow    ${shellCommand(`status ${run.key} --watch`)}`));
  print(hint(`  cancel    ${shellCommand(`cancel ${run.key}`)}`));
  if (run.url !== null) print(hint(`  timeline  ${run.url}`));
}
