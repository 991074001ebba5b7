import type { Command } from 'commander';
import type { Receipt, Run, RunFailed, RunSnapshot, Waits } from '../../../client/index.js';
import { examples } from '../../terminal/examples.js';
import { bad, hint } from '../../terminal/colour.js';
import { followRun } from '../../follow/follow.js';
import { duration, instant, rows, tookMs } from '../../terminal/format.js';
import { explanationOf } from '../../lines/failure-lines.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { note, print, printJson } from '../../terminal/output.js';
import { stepsOfReceipt } from '../../../shared/run/progress.js';
import { jobFacts } from '../../lines/job-lines.js';
import {
  attemptText,
  elapsed,
  nextText,
  stateText,
  stepText,
  waitsText,
} from '../../follow/events.js';
import { headline, sinkRows, writtenRows } from '../../lines/receipt-lines.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';
import { shellCommand } from '../../terminal/shell-command.js';

/** `beamline status RUN`: a look at a run, or with `--watch` until its end. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show where a run is')
    .argument('<run>', runArgument)
    .option('--watch', 'follow the run until its end; exit as `run` does')
    .addHelpText('after', examples('status latest', 'status q4kx7mw2ta --watch'))
    .action(async (reference: string, { watch }: { watch?: boolean }, command: Command) => {
      const { json, root } = globalsOf(command);
      await withBeamline({ root }, async (beamline) => {
        const run = await beamline.get(reference);
        const snapshot = await run.status();
        if (watch === true) {
          if (!json) note(`run ${snapshot.pipeline ?? ''}  run ${run.key}`);
          await followRun(run, { json });
          return;
        }
        const isOpen = snapshot.closed_at === null;
        const receipt = isOpen ? null : await beamline.receiptOf(snapshot);
        const failed = isOpen ? null : await failedOf(run);
        const waits = await beamline.waitsOf(snapshot);
        if (json) {
          const failure = failed && { type: failed.type, message: failed.message };
          printJson({ ...snapshot, ...waits, timeline: run.url, failure, receipt });
        } else for (const line of statusLines(run, snapshot, receipt, waits, failed)) print(line);
      });
    });
}

/** Why a run that has ended did not succeed; null if it did. */
async function failedOf(run: Run): Promise<RunFailed | null> {
  const { RunFailed } = await import('../../../client/index.js');
  return run.result().then(
    () => null,
    (error: unknown) => (error instanceof RunFailed ? error : null),
  );
}

/** @param failed of a run that has ended, and did not succeed */
export function statusLines(
  run: Pick<Run, 'key' | 'url'>,
  snapshot: RunSnapshot,
  receipt: Receipt | null,
  waits: Waits,
  failed: RunFailed | null = null,
): string[] {
  const { activity, pipeline, started_at, closed_at, stuck } = snapshot;
  const name = pipeline ?? receipt?.pipeline ?? '';
  const facts: [string, string | null][] = [
    ['workflow', snapshot.workflow_id],
    ['started', instant(started_at)],
    ['finished', closed_at === null ? null : instant(closed_at)],
    ['cause', failed === null ? null : causeLine(failed)],
    ['activity', activity === null ? null : activityText(activity)],
    ['failed', activity === null ? null : failureText(activity)],
    ['waits for', waitsText({ ...snapshot, held_by: waits.held_by }) || null],
    ...waitFacts(waits),
    ['stuck', stuck],
    ...(snapshot.job === null
      ? receipt?.job
        ? jobFacts(receipt.job)
        : []
      : jobFacts(snapshot.job)),
    ['timeline', run.url === null ? null : hint(run.url)],
  ];
  const state =
    closed_at === null
      ? `${stateText(snapshot)} for ${elapsed(started_at, Date.now())}`
      : receipt === null
        ? `${bad(stateText(snapshot))} after ${duration(tookMs(snapshot, null))}`
        : headline(receipt);
  const progress = { ...snapshot.steps, ...(receipt && stepsOfReceipt(receipt)) };
  const moduleOf = (step: string): string =>
    receipt?.steps.find(({ name }) => name === step)?.module ?? '';
  const inBeam = Object.entries(progress).filter(([, { kind }]) => kind !== 'sink');
  const steps = inBeam.map(([step, sofar]) => [
    `  ${step}`,
    `${sofar.kind} ${moduleOf(step)}`.trimEnd(),
    stepText(sofar, null),
  ]);
  const sinks = snapshot.sinks.map(({ name: sink, module, state: fate }) => {
    const staged = snapshot.steps[sink];
    return [`  ${sink}`, `sink ${module}`, staged ? `${fate}, ${rows(staged.rows)} staged` : fate];
  });
  const published = new Set(snapshot.sinks.map((sink) => sink.name));
  const inJob = Object.entries(receipt === null ? snapshot.steps : {})
    .filter(([step, { kind }]) => kind === 'sink' && !published.has(step))
    .map(([step, sofar]) => [`  ${step}`, 'sink', `${rows(sofar.rows)} written`]);
  const done = receipt === null ? [] : [...sinkRows(receipt.sinks), ...writtenRows(receipt)];
  const next =
    closed_at === null
      ? [`status ${run.key} --watch`, `logs ${run.key} --follow`, `cancel ${run.key}`]
      : [
          ...(failed === null || failed.outcome === 'cancelled' ? [] : [`explain ${run.key}`]),
          receipt === null ? `logs ${run.key}` : `receipt ${run.key}`,
        ];
  return [
    `run ${run.key}  ${name}  ${state}`,
    ...facts.flatMap(([name, value]) => (value === null ? [] : [fact(name, value)])),
    ...columns([...steps, ...sinks, ...inJob, ...done]),
    ...next.map((command, index) => fact(index === 0 ? 'next' : '', shellCommand(command))),
  ];
}

/** In one line; `explain` says the rest. A cancellation is its own cause. */
function causeLine(failed: RunFailed): string | null {
  if (failed.outcome === 'cancelled') return null;
  const [first = '', ...more] = explanationOf(failed).cause;
  const { step } = failed;
  const where = step === undefined || first.includes(step) ? '' : `${step}: `;
  return `${where}${first}${more.length > 0 ? ' …' : ''}`;
}

/** Who keeps a run waiting, and which host is not there. */
function waitFacts({ absent_host: own, held_by: held }: Waits): [string, string][] {
  return [
    ...held.flatMap(({ run_key, absent_host: theirs }): [string, string][] =>
      theirs === null
        ? []
        : [
            [
              '',
              `run ${run_key} waits for the host ${theirs.host}, which is not there: ` +
                `\`${shellCommand(`cancel ${run_key}`)}\``,
            ],
          ],
    ),
    ...(own === null
      ? []
      : [
          [
            'host',
            `${own.host} is not there: no worker serves its store ${own.store}, which the run needs; ` +
              'it waits as long as `store_wait` in beamline.yaml says',
          ] satisfies [string, string],
        ]),
  ];
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(9)} ${value}`;
}

type Activity = NonNullable<RunSnapshot['activity']>;

function activityText(activity: Activity): string {
  const waits = activity.running ? '' : `, ${nextText(activity) ?? 'waits for a worker'}`;
  return `${activity.name}, ${attemptText(activity)}${waits}`;
}

function failureText({ last_failure }: Activity): string | null {
  if (last_failure === null) return null;
  return `${last_failure.type}: ${last_failure.message.split('\n')[0] ?? ''}`;
}
