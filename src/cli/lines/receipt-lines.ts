import type { Receipt, ReceiptSink } from '../../client/index.js';
import type { ReceiptWrite } from '../../shared/run/receipt.js';
import { rangeText, type SourceWindow } from '../../shared/run/window.js';
import { bad, good, hint } from '../terminal/colour.js';
import { jobFacts } from './job-lines.js';
import { duration, instant, rows } from '../terminal/format.js';
import { columns } from '../../text/columns.js';
import { tableLines } from '../terminal/table.js';
import { fateOfLeft } from './left.js';
import { commandOf } from '../terminal/shell-command.js';
import { number } from '../../shared/counts.js';

const label = (name: string): string => `  ${name.padEnd(9)}`;

/** `succeeded in 3.1 s   read 336,792 rows · staged 5,412 · rejected 0`; what was written, each sink says. */
export function headline(receipt: Receipt): string {
  const { outcome, duration_ms, rows_read, rows_staged, rows_rejected, steps } = receipt;
  const isGood = outcome === 'succeeded';
  const words = outcome.replaceAll('_', ' ');
  const how = `${isGood ? good(words) : bad(words)} ${isGood ? 'in' : 'after'}`;
  const took = `${how} ${duration(duration_ms)}`;
  // Of a run that ended before everything was staged nothing was counted.
  if (steps.length === 0) return took;
  const counts = `read ${rows(rows_read)} · staged ${number(rows_staged)} · rejected ${number(rows_rejected)}`;
  return `${took}   ${counts}`;
}

/** What became of each sink: its name, its module, and its fate. */
export function sinkRows(sinks: readonly ReceiptSink[]): string[][] {
  return sinks.map((sink) => [`  ${sink.name}`, `sink ${sink.module}`, sinkFate(sink)]);
}

/** What the sinks in the job wrote: name, module, fate. */
export function writtenRows({ written = [] }: Pick<Receipt, 'written'>): string[][] {
  return written.map((sink) => [`  ${sink.name}`, `sink ${sink.module}`, writeFate(sink)]);
}

/** The summary at the end of a run. */
export function summaryLines(receipt: Receipt, url: string | null): string[] {
  return [
    headline(receipt),
    ...columns([...sinkRows(receipt.sinks), ...writtenRows(receipt)]),
    ...jobLines(receipt),
    ...leftLines(receipt),
    hint(`${label('receipt')} ${commandOf('receipt', receipt.run_key)}`),
    ...(url === null ? [] : [hint(`${label('timeline')} ${url}`)]),
  ];
}

/** Everything a receipt says. */
export function receiptLines(receipt: Receipt): string[] {
  const { args, failure, plan_sha256, profiles, store } = receipt;
  const sinks = [...sinkRows(receipt.sinks), ...writtenRows(receipt)];
  const values = Object.entries(args).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const facts: [string, string | null | undefined][] = [
    ['config', receipt.config],
    ['args', values.join(', ')],
    ['profiles', profiles],
    ['plan', plan_sha256],
    ['rerun of', receipt.rerun_of],
    ['started', instant(receipt.started_at)],
    ['finished', instant(receipt.finished_at)],
    ['attempts', receipt.attempts > 1 ? String(receipt.attempts) : null],
    ['workflow', receipt.workflow_id],
    ['store', store ? `${store.id} on ${store.host}` : null],
  ];
  return [
    `run ${receipt.run_key}  ${receipt.pipeline}  runner ${receipt.runner}`,
    headline(receipt),
    ...facts.flatMap(([name, value]) => (value ? [`${label(name)} ${value}`] : [])),
    ...(receipt.job ? ['', ...jobLines(receipt)] : []),
    ...(failure ? ['', ...failureFacts(failure)] : []),
    ...Object.entries(receipt.windows ?? {}).map(
      ([source, window]) => `${label('window')} ${source}: ${windowWords(window)}`,
    ),
    ...(receipt.notes ?? []).map((note) => `${label('note')} ${note}`),
    ...(receipt.steps.length > 0 ? ['', ...stepTable(receipt)] : []),
    ...(sinks.length > 0 ? ['', ...columns(sinks)] : []),
    ...leftLines(receipt),
  ];
}

/** What is staged and not published; a destination refuses it if newer rows are there. */
function leftLines(receipt: Receipt): string[] {
  const sinks = receipt.left?.sinks.join(', ') ?? '';
  switch (fateOfLeft(receipt)) {
    case 'none':
      return [];
    case 'gone':
      return [`${label('left')} ${sinks}: what was staged is not there any more`];
    case 'kept':
      return [
        `${label('left')} ${sinks}: ${commandOf('rerun', receipt.run_key)} publishes the rest, unless newer rows are there`,
      ];
  }
}

/** The run's Dataflow job; nothing for a local run. */
export function jobLines({ job }: Pick<Receipt, 'job'>): string[] {
  return job === undefined ? [] : jobFacts(job).map(([name, value]) => `${label(name)} ${value}`);
}

/** `` `day` from 2026-01-01 to before 2026-02-01 (record) ``. */
function windowWords({ column, basis, ...window }: SourceWindow): string {
  return `\`${column}\` ${rangeText(window)} (${basis.replaceAll('_', ' ')})`;
}

function failureFacts(failure: NonNullable<Receipt['failure']>): string[] {
  const { type, message, step, cause } = failure;
  const [first = '', ...more] = message.split('\n');
  return [
    `${label('failure')} ${type}${step === undefined ? '' : ` in ${step}`}: ${first}`,
    ...more.map((line) => `${label('')} ${line}`),
    ...(cause === undefined || message.includes(cause) ? [] : [`${label('cause')} ${cause}`]),
  ];
}

function stepTable({ steps }: Receipt): string[] {
  const lines = tableLines(
    [
      { title: 'step' },
      { title: 'module' },
      { title: 'rows in', align: 'right' },
      { title: 'rows out', align: 'right' },
      { title: 'rejected', align: 'right' },
      { title: '' },
    ],
    steps.map((step) => [
      step.name,
      `${step.kind} ${step.module}`,
      step.rows_in === null ? '' : number(step.rows_in),
      number(step.rows_out),
      number(step.rows_rejected),
      step.consistency === 'per_range' ? 'consistency: per range' : (step.consistency ?? ''),
    ]),
  );
  return lines.map((line) => `  ${line}`);
}

function writeFate({ state, rows: count, idempotence }: ReceiptWrite): string {
  switch (state) {
    case 'written':
      return `wrote ${rows(count)} while the job ran (${idempotence})`;
    case 'uncertain':
      return `may have written any of the rows: the job began (${idempotence})`;
    case 'unwritten':
      return 'wrote nothing';
  }
}

const verbs: Record<string, string> = {
  append: 'appended to',
  merge: 'merged into',
  replace: 'replaced',
};

function sinkFate({
  state,
  mode,
  location,
  destination,
  rows: count,
  version,
  replaced,
  published_by,
}: ReceiptSink): string {
  const by = published_by === undefined ? '' : `, by run ${published_by}`;
  const place = location ?? destination;
  const instead = replaced === undefined ? '' : ` in place of ${number(replaced)}`;
  switch (state) {
    case 'published':
      return `${verbs[mode] ?? mode} ${place}: ${rows(count)}${instead}, version ${version ?? '?'}${by}`;
    case 'kept':
      return `kept ${place} as it was`;
    case 'uncertain':
      return `may have changed ${place}: a publish was begun, and no worker could look`;
    case 'unpublished':
      return `left ${place} as it was`;
  }
}
