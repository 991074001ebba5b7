import { ApplicationFailure } from '@temporalio/common';

/** What a look ahead refuses for good; anything else says that it could not be told now. */
export const refusals = ['DataError', 'ConfigError', 'ResourceError'] as const;
export type RefusalType = (typeof refusals)[number];

/** The type of a refusal by `Destination.check`; null if the error is none. */
export function refusalOf(error: unknown): RefusalType | null {
  if (!(error instanceof ApplicationFailure)) return null;
  return refusals.find((type) => type === error.type) ?? null;
}
