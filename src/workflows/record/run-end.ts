import type { JobFailure, JobView } from '../../shared/run/job.js';
import type { JobOutcome } from '../../shared/run/job-end.js';
import { failureTypeOf } from '../../shared/run/job-failure-type.js';
import { outcomeFailureTypes, type Outcome } from '../../shared/run/receipt.js';
import type { RunFailure } from './run-failure.js';

/** Thrown when a run's job ended in another way than with success. */
export class RunEnd extends Error {
  override readonly name = 'RunEnd';

  constructor(
    readonly outcome: Exclude<Outcome, 'succeeded'>,
    readonly failure: RunFailure,
  ) {
    super(failure.message);
  }
}

/** The end of a run whose job ended so; `failure` says why, where that could be found out. */
export function runEndOf(
  outcome: Exclude<JobOutcome, 'succeeded'>,
  job: JobView,
  failure: JobFailure | null,
): RunEnd {
  const named = `job ${job.jobName} (${job.jobId})`;
  switch (outcome) {
    case 'failed':
      return new RunEnd(outcome, jobFailureOf(named, failure));
    case 'cancelled_outside':
      return new RunEnd(outcome, {
        type: outcomeFailureTypes.cancelled_outside,
        message: `${named} was cancelled outside of Beamline: in the console, with gcloud or through the API`,
      });
    case 'drained':
      return new RunEnd(outcome, {
        type: outcomeFailureTypes.drained,
        message: `${named} was drained: what it had read was finished, and is not published`,
      });
    case 'updated':
      return new RunEnd(outcome, {
        type: outcomeFailureTypes.updated,
        message:
          `${named} was replaced by ` +
          (job.replacedByJobId
            ? `job ${job.replacedByJobId}, which is not of this run`
            : 'another'),
      });
  }
}

function jobFailureOf(named: string, failure: JobFailure | null): RunFailure {
  if (failure === null) {
    return { type: 'JobFailed', message: `${named} failed, and its messages could not be read` };
  }
  const cause = failure.evidence[0]?.text;
  return {
    type: failureTypeOf(failure),
    message: failure.message,
    ...(failure.step === undefined ? {} : { step: failure.step }),
    ...(cause === undefined ? {} : { cause }),
  };
}
