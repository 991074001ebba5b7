import { sinksOfStatus, type RunStatus } from '../../shared/run/contract.js';
import type { JobState } from '../../shared/run/job.js';
import { needsHost } from './needs-host.js';
import type { RunRecord } from './run-record.js';
import { stagedSteps } from './staged-steps.js';

/**
 * The answer to the query `status`.
 * @param waitingFor destinations that other runs hold
 * @param claimed the state that the job's last event claimed
 */
export function statusOf(
  record: RunRecord,
  waitingFor: string[],
  claimed: JobState | null,
): RunStatus {
  const { prepared, audit } = record;
  return {
    state: record.state,
    pipeline: prepared?.pipeline ?? null,
    run_key: prepared?.runKey ?? null,
    store: prepared?.store.id ?? null,
    host: prepared?.store.host ?? null,
    needs_host: prepared !== null && needsHost(prepared, record.provided !== null),
    runner: record.runner,
    job: record.job.shown(claimed),
    waiting_for: waitingFor,
    sinks: sinksOfStatus(record.sinks),
    ...(audit === null ? {} : { steps: stagedSteps(audit) }),
  };
}
