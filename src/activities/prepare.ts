import { existsSync } from 'node:fs';
import { ConfigProblems } from '../config/index.js';
import type { Plan } from '../config/plan/plan-types.js';
import { loadSettings, type Settings } from '../config/settings/settings.js';
import { faultPoint } from '../process/fault-point.js';
import { failure } from '../shared/failures.js';
import { lockWorkflowPrefix, storeTaskQueue } from '../shared/names.js';
import type { Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import { readable } from '../store/format-version.js';
import { isGsUri } from '../store/gs-uri.js';
import { storePaths, type LocalStore } from '../store/local-store.js';
import { objectPaths, readIfThere } from '../store/object-store.js';
import { pinPlan } from '../store/pinned-plans.js';
import { optionsOf } from '../runners/registry.js';
import { readRegularText } from '../store/read-regular.js';
import { destinationHash, runKeyOf } from '../store/run-key.js';
import type { PipelineActivities, PreparedRun } from '../workflows/contract/activities.js';
import { anyHostOf } from './plan/any-host.js';
import type { ActivityDeps } from './attempt/deps.js';
import { incrementalOf, isWindowed } from './plan/read-run.js';
import { readRunInThread } from './plan/threads.js';
import { pinnedPlan } from './plan/read-plan.js';

/** A receipt names a few facts of each step and sink. */
const mostReceiptBytes = 10_000_000;

/** How long a run waits for a worker of its store, unless `store_wait` says it: an hour. */
const storeWaitMs = 3_600_000;

/**
 * Checks the config, and pins it: what is edited later does not touch this run. A run that names a
 * `plan` takes the one that is pinned.
 */
export function createPrepare(deps: PrepareDeps): PipelineActivities['prepare'] {
  const { root, store, taskQueue, namespace } = deps;
  return async (given, firstExecutionRunId, revision, checked) => {
    const settings = readableSettings(root);
    // What another host pinned is kept here first: the config's thread looks nowhere else.
    if (typeof given?.plan === 'string') await pinnedPlan(deps, given.plan, settings.store);
    const { built, config, runner, target, notes } = await readRunInThread({
      given,
      root,
      store,
      namespace,
    });
    assertChecked(built.written, checked, given.config);
    await pinPlan(store, built.sha256, built.canonicalJson);
    const { addresses, ...anyHost } =
      revision === 2 ? await anyHostOf(deps, built, target) : { addresses: {} };
    await faultPoint('worker:prepared');
    return {
      pipeline: built.plan.name,
      runKey: runKeyOf(firstExecutionRunId),
      planSha256: built.sha256,
      ...(config === null ? {} : { config }),
      args: built.args,
      store: {
        id: store.id,
        host: store.host,
        root: store.root,
        taskQueue: storeTaskQueue(taskQueue, store.id),
        waitMs: settings.storeWaitMs ?? storeWaitMs,
      },
      profiles: built.profiles,
      ...anyHost,
      sinks: built.destinations.map(({ sink, module, mode, on_empty, key, location }) => ({
        name: sink,
        module,
        mode,
        onEmpty: on_empty,
        destination: key,
        lockId: `${lockWorkflowPrefix}${destinationHash(key)}`,
        location,
        ...(isWindowed(built.plan, sink) ? { windowed: true as const } : {}),
        ...addressOf(addresses, sink),
      })),
      ...jobSinksOf(built.plan),
      ...incrementalOf(built.plan),
      ...(await completesOf(deps, given, settings.store)),
      timeoutMs: built.plan.timeout_ms ?? null,
      destinationWaitMs: built.plan.destination_wait_ms,
      runner,
      dataflow: null,
      ...(target === null ? {} : { [optionsOf(runner).targetField ?? 'target']: target }),
      notes,
      ...(revision === undefined ? {} : { revision }),
    };
  };
}

/**
 * What was shown to whoever started the run is what it takes.
 * @throws `ConfigError`
 */
function assertChecked(written: string | null, checked: string | undefined, config: string): void {
  if (checked === undefined || written === null || written === checked) return;
  throw failure(
    'ConfigError',
    `${config} is not what was checked when the run was started: it, or a file whose text it takes, is another ` +
      'one on this worker, or was changed meanwhile. Nothing was read. Start the run again where the files are the same.',
  );
}

function jobSinksOf({ job_sinks = [] }: Plan): Pick<PreparedRun, 'jobSinks'> {
  const jobSinks = job_sinks.map(({ name, module, idempotence }) => ({
    name,
    module,
    idempotence,
  }));
  return jobSinks.length === 0 ? {} : { jobSinks };
}

type PrepareDeps = Pick<ActivityDeps, 'root' | 'store' | 'taskQueue' | 'namespace' | 'objects'>;

function addressOf(
  addresses: Readonly<Record<string, unknown>>,
  sink: string,
): { address?: unknown } {
  return Object.hasOwn(addresses, sink) ? { address: addresses[sink] } : {};
}

/** A run on this machine needs no settings: what is wrong in them keeps it from nothing. */
function readableSettings(root: string): Pick<Settings, 'store' | 'storeWaitMs'> {
  try {
    return loadSettings(root);
  } catch (error) {
    if (error instanceof ConfigProblems) return {};
    throw error;
  }
}

/** What a run that only completes an earlier one is to publish: that one's receipt says so. */
async function completesOf(
  { store, objects }: PrepareDeps,
  { complete, rerun_of: runKey = '' }: RunPipelineInput,
  bucket: string | undefined,
): Promise<Pick<PreparedRun, 'completes'>> {
  if (complete !== true) return {};
  let receipt = receiptOf(store, runKey);
  if (receipt === null && bucket !== undefined) {
    const text = await readIfThere(await objects(), objectPaths.receipt(bucket, runKey));
    receipt = text === null ? null : (JSON.parse(text.toString('utf8')) as Receipt);
  }
  readable(`the receipt of run ${runKey}`, receipt);
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
