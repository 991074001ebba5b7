import { InvalidArgumentError, type Command } from 'commander';
import type { Beamline, Receipt, RunSummary } from '../../../client/index.js';
import { TemporalUnreachable } from '../../../client/server/errors.js';
import { runStates } from '../../../shared/run/receipt.js';
import { bad, good } from '../../terminal/colour.js';
import { clipped, duration, instant, tookMs } from '../../terminal/format.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson, roomOf } from '../../terminal/output.js';
import { widthOf } from '../../../text/columns.js';
import { tableLines } from '../../terminal/table.js';
import { withBeamline } from '../../ask/temporal.js';
import { shellCommand } from '../../terminal/shell-command.js';
import { number } from '../../../shared/counts.js';

/** A run, and what its receipt adds. */
type Listed = RunSummary & {
  /** Milliseconds from start to end, or until now. */
  took_ms: number;
  /** Rows published, once where several sinks take the same; null while the run is open, or if there is no receipt. */
  rows: number | null;
  /** Why what the run left cannot be read; absent if it can, or if it left nothing. */
  unreadable?: string;
};

/** Receipts that are read at the same time. */
const mostAtOnce = 8;

/** `beamline list`: the newest runs. */
export function register(program: Command): void {
  program
    .command('list')
    .description('list the newest runs')
    .option('--pipeline <name>', 'only runs of this pipeline')
    .option('--limit <count>', 'at most this many', countOf, 20)
    .addHelpText('after', examples('list', 'list --pipeline orders --limit 5'))
    .action(async (options: { pipeline?: string; limit: number }, command: Command) => {
      const { json, root } = globalsOf(command);
      const runs = await withBeamline({ root }, async (beamline) => {
        const found = await beamline.list(options);
        const { bounded } = await import('../../../store/bounded.js');
        return bounded(mostAtOnce, found, (run) => withReceipt(beamline, run));
      });
      if (json) printJson({ runs });
      else printRuns(runs, options.pipeline);
    });
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 1000) return count;
  throw new InvalidArgumentError('Give a whole number from 1 to 1000.');
}

/** A run whose end cannot be read is listed as well: it hides no other. */
async function withReceipt(beamline: Beamline, run: RunSummary): Promise<Listed> {
  let receipt: Receipt | null = null;
  let unreadable: string | undefined;
  try {
    receipt = run.closed_at === null ? null : await beamline.receiptOf(run);
    // The receipt of a run that succeeded is its result.
    if (receipt === null && run.state === 'succeeded') {
      unreadable = 'it ended with something that is no receipt';
    }
  } catch (error) {
    if (error instanceof TemporalUnreachable) throw error;
    unreadable = clipped(error instanceof Error ? error.message : String(error), 200);
  }
  return {
    ...run,
    pipeline: run.pipeline ?? receipt?.pipeline ?? null,
    took_ms: tookMs(run, receipt),
    rows: receipt === null ? null : publishedRows(receipt),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

function stateWords(state: RunSummary['state']): string {
  const words = state.replaceAll('_', ' ');
  if (state === 'succeeded') return good(words);
  return runStates.some((open) => open === state) ? words : bad(words);
}

function publishedRows({ sinks, rows_staged }: Receipt): number {
  const published = sinks.filter(({ state }) => state === 'published');
  const all = published.reduce((sum, { rows }) => sum + rows, 0);
  // A run that only published what another had left staged nothing.
  return rows_staged === 0 ? all : Math.min(all, rows_staged);
}

function printRuns(runs: readonly Listed[], pipeline: string | undefined): void {
  if (runs.length === 0) {
    print(pipeline === undefined ? 'no run yet' : `no run of ${pipeline}`);
    print(`next: ${shellCommand('run FILE')}`);
    return;
  }
  const least = 'pipeline'.length;
  const widest = Math.max(...runLines(runs, least).map(widthOf));
  const room = Math.max(least, roomOf(process.stdout) - 1 - (widest - least));
  for (const line of runLines(runs, room)) print(line);
}

/** @param room columns of a pipeline's name */
function runLines(runs: readonly Listed[], room: number): string[] {
  return tableLines(
    [
      { title: 'run' },
      { title: 'pipeline' },
      { title: 'runner' },
      { title: 'state' },
      { title: 'started' },
      { title: 'took', align: 'right' },
      { title: 'rows', align: 'right' },
    ],
    runs.map((run) => [
      run.run_key,
      clipped(run.pipeline ?? '', room),
      run.runner ?? '',
      stateWords(run.state) + (run.unreadable === undefined ? '' : ', unreadable'),
      instant(run.started_at),
      duration(run.took_ms),
      run.rows === null ? '' : number(run.rows),
    ]),
  );
}
