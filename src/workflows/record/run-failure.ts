import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetail } from '../../shared/failures.js';
import { longestTexts } from '../../shared/limits.js';
import { shortened } from '../../shared/shortened.js';
import type { Receipt } from '../../shared/run/receipt.js';
import type { PreparedRun } from '../contract/activities.js';

/** Why a run failed, as its receipt and its final failure say it. */
export type RunFailure = NonNullable<Receipt['failure']>;

/** Which attempt of its activity a failure is of, where it says so. */
export function attemptOf(error: unknown): number | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return (cause.details?.[0] as FailureDetail | undefined)?.attempt;
}

/** Whether no worker took the activity in time. */
export function isWorkerMissing(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

/** Reads the failure of an activity: its own type and message where it gave one. */
export function runFailureOf(error: unknown, store: PreparedRun['store'] | null): RunFailure {
  if (isWorkerMissing(error) && store) {
    return {
      type: 'StoreUnavailable',
      message:
        `no worker serves the store ${store.id} (${store.root} on ${store.host}), which holds ` +
        `this run's files: start a worker there, then run again`,
    };
  }
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    const activity = error instanceof ActivityFailure ? error.activityType : 'an activity';
    return {
      type: 'WorkerLost',
      message: `${activity}: every attempt lost its worker (${String(cause.timeoutType).toLowerCase()} timeout)`,
    };
  }
  if (cause instanceof ApplicationFailure) {
    const detail = (cause.details?.[0] ?? {}) as FailureDetail;
    return {
      type: cause.type ?? 'InternalError',
      message: shortened(cause.message, longestTexts.message),
      ...(detail.step === undefined ? {} : { step: detail.step }),
      ...(detail.cause === undefined ? {} : { cause: shortened(detail.cause, longestTexts.cause) }),
      ...(detail.earlierRun === undefined ? {} : { earlier_run: detail.earlierRun }),
    };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { type: 'InternalError', message: shortened(message, longestTexts.message) };
}
