import { ApplicationFailure } from '@temporalio/common';
import { longestTexts } from './limits.js';
import { shortened } from './shortened.js';
import { failureTypes, type FailureDetail, type FailureType } from './failure-types.js';

export * from './failure-types.js';

/**
 * Makes the failure that crosses the activity boundary; whether it is retried follows from its type. Its
 * texts are redacted already, and are shortened here.
 * @param mayPass false if another attempt cannot help, whatever the type says
 * @internal
 */
export function failure(
  type: FailureType,
  message: string,
  detail: FailureDetail = {},
  mayPass = true,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message: shortened(message, longestTexts.message),
    nonRetryable: !failureTypes[type].retryable || !mayPass,
    details: [boundedDetail(detail)],
  });
}

function boundedDetail({ cause, stderr, ...detail }: FailureDetail): FailureDetail {
  return {
    ...detail,
    ...(cause === undefined ? {} : { cause: shortened(cause, longestTexts.cause) }),
    ...(stderr === undefined
      ? {}
      : { stderr: stderr.map((line) => shortened(line, longestTexts.line)) }),
  };
}
