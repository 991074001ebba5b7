import { Option, type Command } from 'commander';
import { overlapPolicies, type OverlapPolicy } from '../../../config/envelope/overlap-policies.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { withSchedules } from '../../ask/temporal.js';
import { counted } from '../../../shared/counts.js';

interface Options {
  from: string;
  to: string;
  overlap: OverlapPolicy;
  yes?: boolean;
  reason?: string;
}

/** More runs than this are started only with `--yes`. */
const many = 100;
/** Nobody wants to wait until more are counted. */
const countedAtMost = 100_000;

/** `beamline schedule backfill NAME`: the runs of a time that is over. */
export function register(schedule: Command): void {
  schedule
    .command('backfill')
    .description('start the runs that a schedule has, or would have had, in a time that is over')
    .argument('<name>', 'name of the schedule')
    .requiredOption(
      '--from <time>',
      "first time, such as 2026-11-01 or 2026-11-01T03:00, in the schedule's zone, or with an offset",
    )
    .requiredOption('--to <time>', 'end, which does not belong to it')
    .addOption(
      new Option('--overlap <policy>', 'what happens while an earlier run goes on')
        .choices(overlapPolicies)
        .default('buffer_all'),
    )
    .option('--yes', `start more than ${many} runs`)
    .option('--reason <text>', 'goes into the note of the schedule')
    .addHelpText(
      'after',
      examples(
        'schedule backfill orders-hourly --from 2026-01-01 --to 2026-02-01',
        'schedule backfill orders-hourly --from 2026-01-01T03:00 --to 2026-01-01T06:00 --overlap allow_all',
      ),
    )
    .action(async (name: string, options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      await withSchedules({ root }, async (schedules) => {
        const { timesIn, timeOf } = await import('../../../schedules/times/backfill-range.js');
        const { leftOutWords, timesLeftOut } = await import('../../../schedules/times/left-out.js');
        const { wallText, zoneOf } = await import('../../../schedules/times/zone.js');
        const schedule = await schedules.get(name);
        const zone = zoneOf(schedule.timezone);
        const from = timeIn('--from', options.from, timeOf(options.from, zone), zone.name);
        const to = timeIn('--to', options.to, timeOf(options.to, zone), zone.name);
        if (from >= to) throw bad(`\`--from\` must be before \`--to\``);
        if (to.getTime() > Date.now()) {
          throw bad(`\`--to\` is ${wallText(zone, to)} (${zone.name}), which is still to come`);
        }
        const times = timesIn(schedule, { from, to }, countedAtMost);
        const more = times.length === countedAtMost ? 'at least ' : '';
        const runs = `${more}${counted(times.length, 'run')}`;
        if (times.length > many && options.yes !== true) {
          throw bad(`that is ${runs}`, `Give --yes to start them; nothing was started.`);
        }
        const { overlap, reason } = options;
        if (times.length > 0) await schedules.backfill(name, { from, to, overlap, reason });
        const leftOut = timesLeftOut(schedule, { from, to });
        if (json) {
          printJson({ name, from, to, overlap, runs: times.length, times, left_out: leftOut });
          return;
        }
        const [first, last] = [times[0], times.at(-1)];
        print(`${name}  ${runs} to start${times.length === 0 ? '' : ` (overlap ${overlap})`}`);
        if (first !== undefined && last !== undefined) {
          print(`from ${wallText(zone, first)} to ${wallText(zone, last)} (${zone.name})`);
        }
        if (leftOut.length > 0) {
          note(`note: as clocks went back, Temporal starts no run at ${leftOutWords(leftOut)}`);
        }
      });
    });
}

function timeIn(option: string, text: string, time: Date | undefined, zone: string): Date {
  if (time !== undefined) return time;
  throw bad(
    `\`${option}\` must be a time that clocks in ${zone} show, such as 2026-11-01T03:00, or one with ` +
      `an offset, such as 2026-11-01T03:00Z; got \`${text}\``,
  );
}

function bad(message: string, hint?: string): CliError {
  return new CliError(message, {
    exitCode: exitCodes.badInput,
    ...(hint !== undefined && { hint }),
  });
}
