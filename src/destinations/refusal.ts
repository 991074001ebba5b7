import { ApplicationFailure } from '@temporalio/common';

/** What a look ahead refuses for good; anything else says that it could not be told now. */
const refusals = new Set<unknown>(['DataError', 'ConfigError', 'ResourceError']);

/** Whether `Destination.check` refuses what a run is going to bring. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApplicationFailure && refusals.has(error.type);
}
