import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunPipelineInput } from '../../shared/run/run-input.js';
import { checkedConfigIn } from '../../shared/run/run-memo.js';
import type { PreparedRun, RunReference } from '../contract/activities.js';
import { prepareOn } from '../contract/proxies.js';
import { unprepared } from '../record/final-failure.js';
import { receiptOf } from '../record/receipt.js';
import { runFailureOf } from '../record/run-failure.js';
import type { RunRecord } from '../record/run-record.js';

/** A run that cannot be prepared has touched nothing: it ends with the reason as its own failure. */
export async function prepare(input: RunPipelineInput, record: RunRecord): Promise<PreparedRun> {
  const { taskQueue, firstExecutionRunId, runId, memo } = workflowInfo();
  // Who resets a run wants it to take what is there now.
  const checked = runId === firstExecutionRunId ? checkedConfigIn(memo) : undefined;
  const more = checked === undefined ? [] : ([checked] as const);
  try {
    return await prepareOn(taskQueue, input.store)(input, firstExecutionRunId, 2, ...more);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // What fails once a cancellation is in was not tried again.
    if (CancellationScope.current().consideredCancelled) {
      throw new CancelledFailure('the run was cancelled');
    }
    record.enter('failed');
    throw unprepared(runFailureOf(error, null), receiptOf(record, 'failed', null), error);
  }
}

/** What activities are told of a run, before anything is frozen. */
export function referenceOf(prepared: PreparedRun): RunReference {
  return {
    runKey: prepared.runKey,
    planSha256: prepared.planSha256,
    ...(prepared.config === undefined ? {} : { config: prepared.config }),
    storeId: prepared.store.id,
    ...(prepared.bucket === undefined ? {} : { bucket: prepared.bucket }),
    profiles: prepared.profiles,
    destinationWaitMs: prepared.destinationWaitMs,
  };
}
