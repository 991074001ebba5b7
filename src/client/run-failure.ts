import type { WorkflowFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import type { FailureDetail } from '../shared/failures.js';
import { outcomes, type Receipt } from '../shared/run/receipt.js';
import { RunFailed } from './server/errors.js';

/**
 * Reads what Temporal says of a run that did not complete.
 * @param receipt the one that is kept: of a run that was reset perhaps an earlier execution's, which
 *   tells what was published then, and not why this one ended
 * @param runId of the execution that failed
 */
export function runFailedOf(
  error: WorkflowFailedError,
  runKey: string,
  receipt: Receipt | undefined,
  runId: string,
): RunFailed {
  const known = { runKey, receipt };
  const { cause } = error;
  if (cause instanceof CancelledFailure) {
    const message = `run ${runKey} was cancelled`;
    return new RunFailed({ ...known, outcome: 'cancelled', type: 'Cancelled', message }, error);
  }
  if (cause instanceof TerminatedFailure) {
    const message = `run ${runKey} was terminated through Temporal: ${cause.message}`;
    return new RunFailed({ ...known, outcome: 'terminated', type: 'Terminated', message }, error);
  }
  if (cause instanceof TimeoutFailure) {
    const message = `run ${runKey} ran into a time limit of its workflow`;
    return new RunFailed({ ...known, outcome: 'timed_out', type: 'TimedOut', message }, error);
  }
  const failures = applicationFailures(cause);
  const details = failures.map(({ details }) => (details?.[0] ?? {}) as FailureDetail);
  const first = <T>(of: (detail: FailureDetail & { outcome?: string }) => T | undefined) =>
    details.map(of).find((value) => value !== undefined);
  const innermost = failures.at(-1);
  const said = receipt?.run_id === runId ? receipt.failure?.message : undefined;
  return new RunFailed(
    {
      ...known,
      outcome: outcomes.find((name) => name === first(({ outcome }) => outcome)) ?? 'failed',
      type: failures[0]?.type ?? 'InternalError',
      // The outer message adds what was published; the receipt says that, too.
      message: said ?? innermost?.message ?? error.message,
      step: first(({ step }) => step),
      detail: first(({ cause }) => cause),
      evidence: first(({ stderr }) => stderr) ?? [],
    },
    error,
  );
}

/** The application failures of a chain of causes, outermost first. */
function applicationFailures(error: unknown): ApplicationFailure[] {
  const found: ApplicationFailure[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) found.push(at);
  }
  return found;
}
