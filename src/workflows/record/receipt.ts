import { workflowInfo } from '@temporalio/workflow';
import type { ReceiptJob } from '../../shared/run/job.js';
import { withoutClaim } from '../../shared/run/published-facts.js';
import type { Outcome, Receipt } from '../../shared/run/receipt.js';
import { targetOf } from '../contract/activities.js';
import { receiptStoreOf } from './needs-host.js';
import type { RunFailure } from './run-failure.js';
import type { RunRecord } from './run-record.js';
import { writtenOf } from './written-sinks.js';

/** What a run leaves when it ends; `finish` keeps it. */
export function receiptOf(
  record: RunRecord,
  outcome: Outcome,
  failure: RunFailure | null,
): Receipt {
  const info = workflowInfo();
  const { audit, prepared, startedAt, input } = record;
  const target = prepared && targetOf(prepared);
  const job = record.job.id === null ? null : record.job.value;
  const notes = [...(prepared?.notes ?? []), ...record.notes];
  const now = Date.now();
  return {
    version: 1,
    outcome,
    run_key: prepared?.runKey ?? '',
    workflow_id: info.workflowId,
    run_id: info.runId,
    pipeline: prepared?.pipeline ?? '',
    config: input.config,
    input,
    task_queue: info.taskQueue,
    plan_sha256: prepared?.planSha256 ?? null,
    runner: record.runner,
    ...(target?.launch === undefined ? {} : { launch: target.launch }),
    args: prepared?.args ?? {},
    profiles: prepared?.profiles ?? null,
    store: prepared && receiptStoreOf(prepared),
    ...(input.rerun_of ? { rerun_of: input.rerun_of } : {}),
    started_at: startedAt.toISOString(),
    finished_at: new Date(now).toISOString(),
    duration_ms: now - startedAt.getTime(),
    attempts: record.attempts,
    rows_read: audit?.rowsRead ?? 0,
    rows_staged: audit?.rowsStaged ?? 0,
    rows_rejected: audit?.rowsRejected ?? 0,
    steps: Object.entries(audit?.steps ?? {}).map(([name, step]) => ({
      name,
      kind: step.kind,
      module: step.module,
      rows_in: step.rows_in,
      rows_out: step.rows_out,
      rows_rejected: step.rows_rejected,
      ...(step.consistency ? { consistency: step.consistency } : {}),
    })),
    sinks: record.sinks,
    ...writtenOf(record),
    ...(record.time === null ? {} : { time: record.time }),
    ...(record.windows === null ? {} : { windows: record.windows }),
    ...(record.readAt === null ? {} : { read_at: record.readAt }),
    ...(record.completed.length === 0 ? {} : { completed: record.completed }),
    ...(record.finished.length === 0 ? {} : { finished: record.finished }),
    ...leftOf(record, outcome),
    ...(job === null ? {} : { job, ...referenceResultOf(job, outcome) }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(failure
      ? { failure: { ...failure, message: withoutClaim(failure.message, record.sinks) } }
      : {}),
  };
}

/** What is staged and not published: it outlives the run. */
function leftOf({ staged, sinks }: RunRecord, outcome: Outcome): Pick<Receipt, 'left'> {
  const left = sinks.filter(({ state }) => state === 'unpublished' || state === 'uncertain');
  const isPartial = sinks.some(({ state }) => state === 'published') && left.length > 0;
  if (outcome === 'succeeded' || staged === null || !isPartial) return {};
  return { left: { staged, sinks: left.map(({ name }) => name) } };
}

/** What the workflow of satokiyo/pydataflow-template returns. */
function referenceResultOf(
  { job_id, job_name }: ReceiptJob,
  outcome: Outcome,
): Pick<Receipt, 'message' | 'job_id' | 'job_name'> {
  return { message: outcome === 'succeeded' ? 'finished' : outcome, job_id, job_name };
}
