import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../errors.js';
import { followFile } from '../follow-file.js';
import { instant } from '../format.js';
import { globalsOf } from '../globals.js';
import { print, printJson } from '../output.js';
import { runArgument, withBeamline } from '../temporal.js';
import { shellCommand } from '../shell-command.js';

/** `beamline logs RUN`: what the Beam process wrote to standard error, attempt by attempt. */
export function register(program: Command): void {
  program
    .command('logs')
    .description("show the Beam process's log of a run, attempt by attempt")
    .argument('<run>', runArgument)
    .option('--follow', 'go on as lines come, until the run has ended')
    .action(async (reference: string, { follow }: { follow?: boolean }, command: Command) => {
      const { json, root } = globalsOf(command);
      if (follow === true && json) {
        throw new CliError('--follow and --json do not go together: one document has an end', {
          exitCode: exitCodes.badInput,
        });
      }
      if (follow === true) await followLog(root, reference);
      else await printLog(root, reference, json);
    });
}

async function printLog(root: string, reference: string, json: boolean): Promise<void> {
  const { findStoredReceipt } = await import('../../client/stored-receipts.js');
  const { attemptsOf } = await import('../../store/beam-log.js');
  const receipt = await findStoredReceipt(root, reference === 'latest' ? '' : reference);
  const runKey =
    receipt?.run_key ??
    (await withBeamline({ root }, async (beamline) => (await beamline.get(reference)).key));
  const file = await logFileOf(root, runKey);
  if (!existsSync(file)) throw noLog(runKey, file, receipt?.store?.host);
  const attempts = attemptsOf(await readFile(file, 'utf8'));
  if (json) {
    printJson({ run_key: runKey, file, attempts });
    return;
  }
  for (const { attempt, started_at, lines } of attempts) {
    if (attempt !== null) print(`attempt ${attempt}  ${instant(started_at ?? '')}`);
    for (const line of lines) print(`  ${line}`);
    if (lines.length === 0) print('  (nothing was logged)');
  }
}

async function followLog(root: string, reference: string): Promise<void> {
  await withBeamline({ root }, async (beamline) => {
    const run = await beamline.get(reference);
    const file = await logFileOf(root, run.key);
    const end = new AbortController();
    const settled = (): void => end.abort();
    const ended = run.result().then(settled, settled);
    await followFile(file, (text) => process.stdout.write(text), end.signal);
    await ended;
    if (!existsSync(file)) throw noLog(run.key, file);
  });
}

async function logFileOf(root: string, runKey: string): Promise<string> {
  const { storePaths } = await import('../../store/local-store.js');
  const { storeRootOf } = await import('../../client/stored-receipts.js');
  return storePaths.log(storeRootOf(root), runKey);
}

function noLog(runKey: string, file: string, host?: string): CliError {
  const where = host === undefined ? '' : ` (its store is on ${host})`;
  return new CliError(`run ${runKey} has no log here: there is no ${file}${where}`, {
    exitCode: exitCodes.failed,
    hint: `Its Beam process has not started, or ran on another host. ${shellCommand(`status ${runKey}`)} says where it is.`,
  });
}
