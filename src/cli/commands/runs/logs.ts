import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { JobMessage, JobReference } from '../../../shared/run/job.js';
import { optionsOf } from '../../../runners/registry.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { followFile } from '../../follow/follow-file.js';
import { instant } from '../../terminal/format.js';
import { globalsOf } from '../../options/globals.js';
import { followMessages, levels, messageLines } from '../../lines/job-messages.js';
import { jobOf, referenceOf, withService } from '../../ask/job-service.js';
import { print, printAsIs, printJson } from '../../terminal/output.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';
import { shellCommand } from '../../terminal/shell-command.js';

/** `beamline logs RUN`: what the Beam process wrote to standard error, or what the job says. */
export function register(program: Command): void {
  program
    .command('logs')
    .description("show the Beam process's log of a run, or the messages of its Dataflow job")
    .argument('<run>', runArgument)
    .option('--follow', 'go on as lines come, until the run has ended')
    .addOption(
      new Option('--level <level>', 'of a Dataflow job: messages of at least this importance')
        .choices(levels)
        .default('basic'),
    )
    .addHelpText('after', examples('logs latest --follow', 'logs q4kx7mw2ta --level debug'))
    .action(async (reference: string, { follow, level }: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      if (follow === true && json) {
        throw new CliError('--follow and --json do not go together: one document has an end', {
          exitCode: exitCodes.badInput,
        });
      }
      const found = await jobOfRun(root, reference);
      if (found !== null) await showMessages(root, found, { level, json, follow: follow === true });
      else if (follow === true) await followLog(root, reference);
      else await printLog(root, reference, json);
    });
}

interface Options {
  follow?: boolean;
  level: JobMessage['importance'];
}

interface RunWithJob {
  runKey: string;
  runner: string;
  job: JobReference | null;
}

/** The job of a run whose runner has a service; null if the run is a local one. */
async function jobOfRun(root: string, reference: string): Promise<RunWithJob | null> {
  const { findStoredReceipt } = await import('../../../client/look/stored-receipts.js');
  const receipt = await findStoredReceipt(root, reference === 'latest' ? '' : reference);
  if (receipt !== null) {
    if (!optionsOf(receipt.runner).hasService) return null;
    return { runKey: receipt.run_key, runner: receipt.runner, job: referenceOf(receipt.job) };
  }
  // The log of a local run is here, whether Temporal answers or not.
  if (existsSync(await logFileOf(root, reference))) return null;
  return withBeamline({ root }, async (beamline) => {
    const run = await beamline.get(reference);
    const snapshot = await run.status();
    const { runner } = snapshot;
    if (runner === null || !optionsOf(runner).hasService) return null;
    return { runKey: run.key, runner, job: referenceOf(await jobOf(run, snapshot)) };
  });
}

async function showMessages(
  root: string,
  { runKey, runner, job }: RunWithJob,
  { level, json, follow }: { level: JobMessage['importance']; json: boolean; follow: boolean },
): Promise<void> {
  if (job === null) {
    throw new CliError(`run ${runKey} has no Dataflow job, or its id is not known yet`, {
      exitCode: exitCodes.failed,
      hint: `${shellCommand(`status ${runKey}`)} says where it is.`,
    });
  }
  await withService(runner, async (service) => {
    const minimum = { minimum: level };
    if (follow) {
      await untilEnd(root, runKey, async (ended) => {
        for await (const message of followMessages(service, job, { ...minimum, ended })) {
          for (const line of messageLines(message)) printAsIs(line);
        }
      });
      return;
    }
    const messages = await service.messages(job, minimum);
    if (json) printJson({ run_key: runKey, job, messages });
    else for (const message of messages) for (const line of messageLines(message)) printAsIs(line);
  });
}

/** Does something until the run has ended. */
async function untilEnd(
  root: string,
  reference: string,
  action: (ended: AbortSignal) => Promise<void>,
): Promise<void> {
  await withBeamline({ root }, async (beamline) => {
    const run = await beamline.get(reference);
    const end = new AbortController();
    const settled = (): void => end.abort();
    const ended = run.result().then(settled, settled);
    await action(end.signal);
    await ended;
  });
}

async function printLog(root: string, reference: string, json: boolean): Promise<void> {
  const { findStoredReceipt } = await import('../../../client/look/stored-receipts.js');
  const { attemptsOf } = await import('../../../store/beam-log.js');
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
    for (const line of lines) printAsIs(`  ${line}`);
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
  const { storePaths } = await import('../../../store/local-store.js');
  const { storeRootOf } = await import('../../../client/look/stored-receipts.js');
  return storePaths.log(storeRootOf(root), runKey);
}

function noLog(runKey: string, file: string, host?: string): CliError {
  const where = host === undefined ? '' : ` (its store is on ${host})`;
  return new CliError(`run ${runKey} has no log here: there is no ${file}${where}`, {
    exitCode: exitCodes.failed,
    hint: `Its Beam process has not started, or ran on another host. ${shellCommand(`status ${runKey}`)} says where it is.`,
  });
}
