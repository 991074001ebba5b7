import type { ReceiptSink, RunState } from '../../shared/run/receipt.js';
import { shortened } from '../../shared/shortened.js';
import type { PreparedRun } from '../contract/activities.js';
import type { JobRecord } from './job-record.js';

/** Sinks that have a line of their own. */
const mostSinks = 50;

/** The Markdown that the Web UI shows as the workflow's current details. */
export function detailsOf(
  { state, sinks, job }: { state: RunState; sinks: readonly ReceiptSink[]; job: JobRecord },
  { pipeline, runKey, planSha256, store }: PreparedRun,
): string {
  return [
    `**${pipeline}** run \`${runKey}\`: ${state}`,
    '',
    '| sink | destination | state | rows |',
    '| --- | --- | --- | --- |',
    ...sinks
      .slice(0, mostSinks)
      .map(
        (sink) =>
          `| ${sink.name} | ${shortened(sink.location ?? '', 200)} | ${sink.state} | ${sink.rows} |`,
      ),
    ...(sinks.length > mostSinks ? [`… and ${sinks.length - mostSinks} more`] : []),
    '',
    ...(job.id === null
      ? []
      : [`job [${job.value?.job_name}](${job.value?.url}) \`${job.id}\``, '']),
    `plan \`${planSha256.slice(0, 12)}\` · store \`${store.id}\` on ${store.host}`,
  ].join('\n');
}
