import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { failure } from '../shared/failures.js';
import {
  outcomeFailureTypes,
  type Outcome,
  type Receipt,
  type ReceiptSink,
} from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';
import type { PreparedRun, RunReference, Staged } from './activities.js';
import { withDeadline } from './deadline.js';
import { createDestinationLocks, type DestinationLocks } from './destination-locks.js';
import { prepareOn, storeActivities, type StoreActivities } from './proxies.js';
import { publishSink, settleSinks } from './publish.js';
import { attemptOf, runFailureOf, type RunFailure } from './run-failure.js';
import { RunRecord } from './run-record.js';
import { statusQuery } from './signals.js';

/**
 * Runs one pipeline: prepare, lock the destinations, run Beam, audit, publish, receipt.
 *
 * Nothing is published before everything is staged and audited; whatever way the run ends, its
 * staging is removed, its locks are given back and its receipt is kept.
 */
export async function runPipeline(input: RunPipelineInput): Promise<Receipt> {
  const record = new RunRecord(input);
  const locks = createDestinationLocks(() => record.prepared?.runKey ?? '');
  setHandler(statusQuery, () => record.status(locks.waitingFor()));

  const prepared = await prepare(input, record);
  record.start(prepared);

  const run = referenceOf(prepared);
  const activities = storeActivities(prepared.store);
  let outcome: Outcome = 'succeeded';
  let cause: unknown = null;
  let failed: RunFailure | null = null;
  try {
    const inTime = await withDeadline(prepared.timeoutMs, () =>
      runSteps(record, prepared, run, locks, activities),
    );
    if (!inTime) {
      outcome = 'deadline_exceeded';
      failed = {
        type: outcomeFailureTypes.deadline_exceeded,
        message: `the run took longer than its \`timeout\` of ${(prepared.timeoutMs ?? 0) / 1000} s`,
      };
    }
  } catch (error) {
    cause = error;
    record.attempts = attemptOf(error) ?? record.attempts;
    // Once a cancellation is in, whatever else goes wrong follows from it.
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    outcome = cancelled ? 'cancelled' : 'failed';
    if (outcome === 'failed') failed = runFailureOf(error, prepared.store);
  }

  return CancellationScope.nonCancellable(async () => {
    if (outcome !== 'succeeded') await settleSinks(record, run, activities);
    await locks.release();
    record.enter(outcome);
    const receipt = record.receipt(outcome, failed);
    await activities
      .finish(run, receipt, prepared.dataflow)
      .catch((error: unknown) => log.warn('the receipt could not be kept', { error }));
    if (outcome === 'cancelled') throw new CancelledFailure('the run was cancelled');
    if (failed) throw finalFailure(failed, receipt, cause);
    return receipt;
  });
}

/** A run that cannot be prepared has touched nothing: it ends with the reason as its own failure. */
async function prepare(input: RunPipelineInput, record: RunRecord): Promise<PreparedRun> {
  const { taskQueue, firstExecutionRunId } = workflowInfo();
  try {
    return await prepareOn(taskQueue, input.store)(input, firstExecutionRunId);
  } catch (error) {
    if (isCancellation(error)) throw error;
    record.enter('failed');
    throw finalFailure(runFailureOf(error, null), record.receipt('failed', null), error);
  }
}

async function runSteps(
  record: RunRecord,
  prepared: PreparedRun,
  run: RunReference,
  locks: DestinationLocks,
  activities: StoreActivities,
): Promise<void> {
  record.enter('queued');
  await locks.acquire(
    Object.fromEntries(prepared.sinks.map(({ destination, lockId }) => [destination, lockId])),
  );
  const versions = await activities.inspectDestinations(run);

  record.enter('running');
  const staged: Staged = await activities.runBeam(run);
  record.attempts = staged.attempt;

  record.enter('auditing');
  const audit = await activities.audit(run, staged);
  record.audit = audit;
  const empty = prepared.sinks.filter(({ name }) => audit.sinks[name]?.rows === 0);
  for (const sink of empty) {
    if (sink.onEmpty === 'fail') {
      throw failure(
        'AuditFailed',
        `${sink.name}: the run brings no row and \`on_empty\` is \`fail\`; nothing was published`,
        { step: sink.name },
      );
    }
  }

  record.enter('publishing');
  for (const sink of prepared.sinks) {
    if (sink.onEmpty === 'keep' && empty.includes(sink)) record.kept(sink.name);
    else await publishSink(record, run, staged, sink.name, versions, activities);
  }
}

function referenceOf(prepared: PreparedRun): RunReference {
  return {
    runKey: prepared.runKey,
    planSha256: prepared.planSha256,
    storeId: prepared.store.id,
    profiles: prepared.profiles,
    destinationWaitMs: prepared.destinationWaitMs,
  };
}

/** The failure that closes the workflow: retried by nobody, with the receipt's facts as detail. */
function finalFailure(failed: RunFailure, receipt: Receipt, cause: unknown): ApplicationFailure {
  const named = (wanted: ReceiptSink['state']) =>
    receipt.sinks.filter(({ state }) => state === wanted).map(({ name }) => name);
  const [published, uncertain] = [named('published'), named('uncertain')];
  const untouched = [
    published.length > 0 ? `Already published: ${published.join(', ')}.` : '',
    uncertain.length > 0 ? `Begun, and perhaps published: ${uncertain.join(', ')}.` : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
  return ApplicationFailure.create({
    type: failed.type,
    message: `${failed.message}\n${untouched || 'Nothing was published.'}`,
    nonRetryable: true,
    details: [{ run_key: receipt.run_key, outcome: receipt.outcome, ...failed }],
    ...(cause instanceof Error ? { cause } : {}),
  });
}
