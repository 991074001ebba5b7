import { ApplicationFailure } from '@temporalio/common';
import { failureTypes, type FailureDetail, type FailureType } from './failure-types.js';

export * from './failure-types.js';

/**
 * Makes the failure that crosses the activity boundary; whether it is retried follows from its type.
 * @param mayPass false if another attempt cannot help, whatever the type says
 */
export function failure(
  type: FailureType,
  message: string,
  detail: FailureDetail = {},
  mayPass = true,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: !failureTypes[type].retryable || !mayPass,
    details: [detail],
  });
}
