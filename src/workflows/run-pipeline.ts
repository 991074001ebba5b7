import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { storeTaskQueue } from '../shared/contract.js';
import { failure } from '../shared/failures.js';
import { outcomeFailureTypes, type Outcome, type Receipt } from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';
import type { PreparedRun, RunReference, Staged } from './activities.js';
import { withDeadline } from './deadline.js';
import { createDestinationLocks, type DestinationLocks } from './destination-locks.js';
import { prepareOn, storeActivities, type StoreActivities } from './proxies.js';
import { publishSink, settleSinks } from './publish.js';
import { runFailureOf, type RunFailure } from './run-failure.js';
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

  const { taskQueue, firstExecutionRunId } = workflowInfo();
  const prepareQueue = input.store ? storeTaskQueue(taskQueue, input.store) : taskQueue;
  const prepared = await prepareOn(prepareQueue)(input, firstExecutionRunId);
  record.start(prepared);

  const run = referenceOf(prepared);
  const activities = storeActivities(prepared.store.taskQueue);
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
    await activities.finish(run, receipt);
    if (outcome === 'cancelled') throw new CancelledFailure('the run was cancelled');
    if (failed) throw finalFailure(failed, receipt, cause);
    return receipt;
  });
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
  const published = receipt.sinks.filter(({ state }) => state === 'published');
  const untouched =
    published.length === 0
      ? 'Nothing was published.'
      : `Already published: ${published.map(({ name }) => name).join(', ')}.`;
  return ApplicationFailure.create({
    type: failed.type,
    message: `${failed.message}\n${untouched}`,
    nonRetryable: true,
    details: [{ run_key: receipt.run_key, outcome: receipt.outcome, ...failed }],
    ...(cause instanceof Error ? { cause } : {}),
  });
}
