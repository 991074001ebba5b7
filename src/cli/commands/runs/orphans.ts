import { Option, type Command } from 'commander';
import type { Ended } from '../../../orphans/end-jobs.js';
import type { Orphans } from '../../../orphans/orphan.js';
import type { Looked, Reaper } from '../../../orphans/reaper.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { duration } from '../../terminal/format.js';
import { globalsOf } from '../../options/globals.js';
import { costText } from '../../lines/job-lines.js';
import { columns } from '../../../text/columns.js';
import { note, print, printJson } from '../../terminal/output.js';
import { givenOptions, optionWords, type OptionValues } from '../../options/option-words.js';
import { commandOf } from '../../terminal/shell-command.js';
import { counted } from '../../../shared/counts.js';
import { number } from '../../../shared/counts.js';

interface Options {
  cancel?: boolean;
  drain?: boolean;
  clean?: boolean;
  unknown?: boolean;
  region: string[];
  exitCode?: boolean;
}

/** What was done about what was found. */
interface Done {
  jobs: Ended[];
  removed: string[];
  released: string[];
}

/** `beamline orphans`: what runs that are gone left behind. */
export function register(program: Command): void {
  program
    .command('orphans')
    .description('find jobs, staging and locks of runs that are gone, and end or remove them')
    .addOption(new Option('--cancel', 'cancel these jobs').conflicts('drain'))
    .addOption(new Option('--drain', 'drain these jobs, if they stream'))
    .option('--unknown', 'end jobs, too, whose run this Temporal does not know')
    .option('--clean', 'remove staging and profiles of runs that have ended, and give locks back')
    .addOption(
      new Option('--region <name>', 'look in this region, too (repeat for more)')
        .default([], 'none')
        .argParser((name: string, sofar: string[]) => [...sofar, name]),
    )
    .option('--exit-code', 'exit with 5 if anything was found')
    .addHelpText(
      'after',
      examples('orphans', 'orphans --cancel --clean', 'orphans --exit-code --region europe-west4'),
    )
    .action(async (options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { connectTemporal } = await import('../../../client/server/connection.js');
      const { createReaper } = await import('../../../orphans/reaper.js');
      const { storeRootOf } = await import('../../../client/look/stored-receipts.js');
      const { applyDevEnvironment } = await import('../../../dev/environment/stack-environment.js');
      await applyDevEnvironment(root);
      const { client, namespace } = await connectTemporal(root);
      try {
        const reaper = createReaper({
          root,
          localStore: storeRootOf(root).root,
          client,
          namespace,
          regions: options.region,
        });
        try {
          const next = (more: OptionValues) =>
            commandOf(
              'orphans',
              ...optionWords(command.options, { ...givenOptions(command), ...more }),
            );
          await reap(reaper, options, { json, next });
        } finally {
          await reaper.close();
        }
      } finally {
        await client.connection.close();
      }
    });
}

type Next = (more: OptionValues) => string;

/** @param output `next`: the command line that does more of what was asked */
async function reap(
  reaper: Reaper,
  options: Options,
  { json, next }: { json: boolean; next: Next },
): Promise<void> {
  const orphans = await reaper.find().catch((error: unknown) => {
    throw unreachable(error);
  });
  const how = options.cancel === true ? 'cancel' : options.drain === true ? 'drain' : null;
  const jobs =
    how === null
      ? []
      : await reaper.endJobs(orphans, how, { evenUnknown: options.unknown === true });
  const cleaned = options.clean === true ? await reaper.clean(orphans) : null;
  const done: Done = {
    jobs,
    removed: (cleaned?.staging ?? []).map(({ place }) => place),
    released: (cleaned?.locks ?? []).map(({ lock_id }) => lock_id),
  };
  if (json) printJson({ looked: reaper.looked, ...orphans, done });
  else printOrphans(reaper.looked, orphans, done, next);
  const { unread, staging, locks, stalled, unread_locks } = orphans;
  const others = [unread, staging, locks, stalled, unread_locks];
  const found = others.reduce((sum, some) => sum + some.length, orphans.jobs.length);
  if (options.exitCode === true && found > 0) process.exitCode = exitCodes.changesPending;
  if (jobs.some(({ failed }) => failed)) process.exitCode = exitCodes.failed;
}

function printOrphans(looked: Looked, orphans: Orphans, done: Done, next: Next): void {
  const { jobs, unread, staging, locks, stalled, unread_locks } = orphans;
  if (looked.project === null || looked.regions.length === 0) {
    note('no job was looked for: beamline.yaml names no `project`, or no region (`launch.region`)');
  }
  const said = new Map(done.jobs.map((job) => [job.job_id, job]));
  const rows = [
    ...jobs.map((job) => [
      'job',
      `${job.job_name}  ${job.job_id} in ${job.region}`,
      [
        job.state.replace('JOB_STATE_', '').toLowerCase(),
        ...(job.age_ms === null ? [] : [`${duration(job.age_ms)} old`]),
        ...(job.cost === null ? [] : [`${costText(job.cost)} so far`]),
        job.run === 'closed' ? `run ${job.run_key} has ended` : `run ${job.run_key} is not known`,
        ...jobFate(said.get(job.job_id)),
      ].join(', '),
    ]),
    ...unread.map(({ job_name, job_id, region, reason }) => [
      'job',
      `${job_name}  ${job_id} in ${region}`,
      `left as it is: it cannot be read: ${reason}`,
    ]),
    ...staging.map(({ what, place, run, run_key, bytes }) => [
      what,
      place,
      [
        ...(bytes === null ? [] : [`${number(bytes)} bytes`]),
        run === 'closed' ? `run ${run_key} has ended` : `run ${run_key} is not known: left alone`,
        ...(done.removed.includes(place) ? ['removed'] : []),
      ].join(', '),
    ]),
    ...stalled.map(({ run_key, workflow_id, host, store, locks: held, waiting }) => [
      'run',
      `${run_key}  ${workflow_id}`,
      [
        `it waits for the host ${host}, where no worker serves the store ${store}`,
        `and holds ${counted(held.length, 'destination')}`,
        `${counted(waiting, 'run')} waiting`,
      ].join(', '),
    ]),
    ...locks.map(({ lock_id, holder, waiting }) => [
      'lock',
      lock_id,
      [
        `held by run ${holder.runKey}, which is gone`,
        `${counted(waiting, 'run')} waiting`,
        ...(done.released.includes(lock_id) ? ['given back'] : []),
      ].join(', '),
    ]),
    ...unread_locks.map(({ lock_id, reason }) => [
      'lock',
      lock_id,
      `left as it is: it does not say who holds it: ${reason}; where nobody needs it: ` +
        `temporal workflow terminate --workflow-id ${lock_id}`,
    ]),
  ];
  for (const line of columns(rows)) print(line);
  if (rows.length === 0) print('nothing was left behind');
  for (const { run_key } of stalled) {
    print(`next: start a worker there, or ${commandOf('cancel', run_key)}`);
  }
  if (jobs.length > 0 && done.jobs.length === 0) print(`next: ${next({ cancel: true })}`);
  const isCleanable = locks.length > 0 || staging.some(({ run }) => run === 'closed');
  if (isCleanable && done.removed.length + done.released.length === 0) {
    print(`next: ${next({ clean: true })}`);
  }
}

function jobFate(ended: Ended | undefined): string[] {
  if (ended === undefined) return [];
  if (ended.failed) return [`could not be ended: ${ended.reason ?? 'nobody says why'}`];
  if (ended.asked === null) return [ended.reason ?? 'left as it is'];
  return [ended.asked === 'cancel' ? 'asked to cancel' : 'asked to drain'];
}

/** A service that does not answer is no defect. */
function unreachable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!['DataflowUnavailable', 'DataflowRefused'].includes(error.name)) return error;
  return new CliError(`Dataflow does not say which jobs are active: ${error.message}`, {
    exitCode: exitCodes.unreachable,
    hint: 'Nothing was ended or removed.',
    cause: error,
  });
}
