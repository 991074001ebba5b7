import type { RunStatus } from '../../shared/run/contract.js';
import { isNamed } from '../../shared/form.js';
import { outcomes, runStates } from '../../shared/run/receipt.js';

/** A run's answer to the query `status`; null for anything else: any workflow may bear our type's name. */
export function readRunStatus(value: unknown): RunStatus | null {
  if (!isNamed(value)) return null;
  const { state, pipeline, run_key, store, host, runner, job, waiting_for, sinks } = value;
  const isStatus =
    [...runStates, ...outcomes].some((known) => known === state) &&
    [pipeline, run_key, store].every((text) => text === null || typeof text === 'string') &&
    (host === undefined || host === null || typeof host === 'string') &&
    typeof runner === 'string' &&
    (job === null || (isNamed(job) && typeof job['job_id'] === 'string')) &&
    Array.isArray(waiting_for) &&
    waiting_for.every((destination) => typeof destination === 'string') &&
    Array.isArray(sinks) &&
    sinks.every(
      (sink) =>
        isNamed(sink) &&
        typeof sink['name'] === 'string' &&
        ['undefined', 'string'].includes(typeof sink['location']),
    );
  return isStatus ? (value as unknown as RunStatus) : null;
}
