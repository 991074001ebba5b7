import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { publishedFacts, withoutClaim } from '../../shared/run/published-facts.js';
import type { Receipt } from '../../shared/run/receipt.js';
import type { RunFailure } from './run-failure.js';

/** The failure that closes the workflow: retried by nobody, with the receipt's facts as detail. */
export function finalFailure(
  failed: RunFailure,
  receipt: Receipt,
  cause: unknown,
): ApplicationFailure {
  const { sinks } = receipt;
  const message = withoutClaim(failed.message, sinks);
  return closing({ ...failed, message }, receipt, publishedFacts(sinks), cause);
}

/**
 * The failure of a run that could not be prepared. What an earlier execution published of one that was
 * reset is not looked for: nobody knows the plan. Of a message no command of the workflow depends.
 */
export function unprepared(
  failed: RunFailure,
  receipt: Receipt,
  cause: unknown,
): ApplicationFailure {
  const { runId, firstExecutionRunId } = workflowInfo();
  if (runId === firstExecutionRunId) return finalFailure(failed, receipt, cause);
  const facts = 'Since its reset the run has published nothing; what it published before stays.';
  return closing(failed, receipt, facts, cause);
}

function closing(
  failed: RunFailure,
  { run_key, outcome }: Receipt,
  facts: string,
  cause: unknown,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: failed.type,
    message: `${failed.message}\n${facts}`,
    nonRetryable: true,
    details: [{ run_key, outcome, ...failed }],
    ...(cause instanceof Error ? { cause } : {}),
  });
}
