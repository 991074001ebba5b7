import { existsSync } from 'node:fs';
import { faultPoint } from '../process/fault-point.js';
import { failure } from '../shared/failures.js';
import { lockWorkflowPrefix, storeTaskQueue } from '../shared/names.js';
import type { Receipt } from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';
import { isGsUri } from '../store/gs-uri.js';
import { storePaths, type LocalStore } from '../store/local-store.js';
import { pinPlan } from '../store/pinned-plans.js';
import { readRegularText } from '../store/read-regular.js';
import { destinationHash, runKeyOf } from '../store/run-key.js';
import type { PipelineActivities, PreparedRun } from '../workflows/activities.js';
import type { ActivityDeps } from './deps.js';
import { incrementalOf, isWindowed } from './checking/read-run.js';
import { readRunInThread } from './checking/threads.js';

/** A receipt names a few facts of each step and sink. */
const mostReceiptBytes = 10_000_000;

/** How long a run waits for a worker of its store before it fails naming the store: an hour. */
const storeWaitMs = 3_600_000;

/**
 * Checks the config, and pins it: what is edited later does not touch this run. A run that names a
 * `plan` takes the one that is pinned.
 */
export function createPrepare({
  root,
  store,
  taskQueue,
  namespace,
}: Pick<
  ActivityDeps,
  'root' | 'store' | 'taskQueue' | 'namespace'
>): PipelineActivities['prepare'] {
  return async (given, firstExecutionRunId, revision) => {
    const { built, runner, dataflow, notes } = await readRunInThread({
      given,
      root,
      store,
      namespace,
    });
    await pinPlan(store, built.sha256, built.canonicalJson);
    await faultPoint('worker:prepared');
    return {
      pipeline: built.plan.name,
      runKey: runKeyOf(firstExecutionRunId),
      planSha256: built.sha256,
      args: built.args,
      store: {
        id: store.id,
        host: store.host,
        root: store.root,
        taskQueue: storeTaskQueue(taskQueue, store.id),
        waitMs: storeWaitMs,
      },
      profiles: built.profiles,
      sinks: built.destinations.map(({ sink, module, mode, on_empty, key, location }) => ({
        name: sink,
        module,
        mode,
        onEmpty: on_empty,
        destination: key,
        lockId: `${lockWorkflowPrefix}${destinationHash(key)}`,
        location,
        ...(isWindowed(built.plan, sink) ? { windowed: true as const } : {}),
      })),
      ...incrementalOf(built.plan),
      ...(await completesOf(store, given)),
      timeoutMs: built.plan.timeout_ms ?? null,
      destinationWaitMs: built.plan.destination_wait_ms,
      runner,
      dataflow,
      notes,
      ...(revision === undefined ? {} : { revision }),
    };
  };
}

/** What a run that only completes an earlier one is to publish: that one's receipt says so. */
async function completesOf(
  store: LocalStore,
  { complete, rerun_of: runKey = '' }: RunPipelineInput,
): Promise<Pick<PreparedRun, 'completes'>> {
  if (complete !== true) return {};
  const receipt = receiptOf(store, runKey);
  if (!receipt?.left || receipt.plan_sha256 === null) {
    throw failure(
      'ConfigError',
      `run ${runKey} left nothing in the store ${store.id} to be published`,
    );
  }
  const { staged, sinks } = receipt.left;
  if (!isGsUri(staged.manifestUri) && !existsSync(staged.manifestUri)) {
    const appended = receipt.sinks.filter(
      ({ mode, state }) => mode === 'append' && state === 'published',
    );
    const names = appended.map((sink) => sink.name).join(', ');
    throw failure(
      'ConfigError',
      `what run ${runKey} staged is not there any more: ` +
        (names === ''
          ? 'run its config again'
          : `\`beamline rerun ${runKey} --again\` reads it again, and brings ${names} its rows a second time`),
    );
  }
  // A receipt of before there was an order: no run reads before it is started.
  const readAt = receipt.read_at ?? receipt.started_at;
  return { completes: { runKey, planSha256: receipt.plan_sha256, staged, sinks, readAt } };
}

function receiptOf(store: LocalStore, runKey: string): Receipt | null {
  try {
    const text = readRegularText(storePaths.receipt(store, runKey), mostReceiptBytes);
    return JSON.parse(text) as Receipt;
  } catch {
    return null; // There is none that could be read.
  }
}
