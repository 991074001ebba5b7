import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { dataflowTargetOf } from '../config/dataflow-target.js';
import {
  buildPlan,
  ConfigProblems,
  loadConfig,
  type BuiltPlan,
  type LoadedConfig,
} from '../config/index.js';
import { windowedSourcesOf } from '../config/lineage.js';
import { jobProblems } from '../config/job-problems.js';
import { readRunInput, type ReadRunInput } from '../config/run-input.js';
import type { Plan } from '../config/plan.js';
import { loadSettings } from '../config/settings.js';
import { faultPoint } from '../process/fault-point.js';
import { failure } from '../shared/failures.js';
import type { DataflowTarget } from '../shared/job.js';
import { lockWorkflowPrefix, storeTaskQueue } from '../shared/names.js';
import type { Receipt } from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';
import { isGsUri } from '../store/gs-uri.js';
import { storePaths, type LocalStore } from '../store/local-store.js';
import { pinPlan } from '../store/pinned-plans.js';
import { destinationHash, runKeyOf } from '../store/run-key.js';
import type { PipelineActivities, PreparedRun } from '../workflows/activities.js';
import type { ActivityDeps } from './deps.js';
import { loadPinnedPlan } from './pinned-plan.js';
import { sinkNamed } from './publish-request.js';

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
    const { built, runner, dataflow, notes } = await readAll(given, {
      root,
      store,
      namespace,
    }).catch((error: unknown) => {
      if (error instanceof ConfigProblems) throw failure('ConfigError', error.message);
      throw error;
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

function incrementalOf({ sources }: Plan): Pick<PreparedRun, 'incremental'> {
  const names = sources.flatMap(({ name, incremental }) => (incremental ? [name] : []));
  return names.length === 0 ? {} : { incremental: names };
}

function isWindowed(plan: Plan, sink: string): boolean {
  return windowedSourcesOf(plan, sinkNamed(plan, sink).input).length > 0;
}

/** satokiyo/pydataflow-template warns of these, too: the destination holds one window only. */
function replacedWindows(plan: Plan): string[] {
  return plan.sinks
    .filter(({ name, mode }) => mode === 'replace' && isWindowed(plan, name))
    .map(({ name }) => `${name}: \`mode: replace\` keeps only what this run's window brings`);
}

/** What a run that only completes an earlier one is to publish: that one's receipt says so. */
async function completesOf(
  store: LocalStore,
  { complete, rerun_of: runKey = '' }: RunPipelineInput,
): Promise<Pick<PreparedRun, 'completes'>> {
  if (complete !== true) return {};
  const text = await readFile(storePaths.receipt(store, runKey), 'utf8').catch(() => null);
  const receipt = text === null ? null : (JSON.parse(text) as Receipt);
  if (!receipt?.left || receipt.plan_sha256 === null) {
    throw failure(
      'ConfigError',
      `run ${runKey} left nothing in the store ${store.id} to be published`,
    );
  }
  const { staged, sinks } = receipt.left;
  if (!isGsUri(staged.manifestUri) && !existsSync(staged.manifestUri)) {
    const message =
      `what run ${runKey} staged is not there any more: run its config again; an append of the same ` +
      'window needs `--again`';
    throw failure('ConfigError', message);
  }
  return { completes: { runKey, planSha256: receipt.plan_sha256, staged, sinks } };
}

/** Reads the input, the config and, for Dataflow, the settings: every problem is found here. */
async function readAll(
  given: RunPipelineInput,
  { root, store, namespace }: Pick<ActivityDeps, 'root' | 'store' | 'namespace'>,
): Promise<{
  built: BuiltPlan;
  runner: 'local' | 'dataflow';
  dataflow: DataflowTarget | null;
  notes: string[];
}> {
  const { input, runner: wanted, launch, notes } = readRunInput(given);
  const { built, loaded } = await planOf(root, store, input);
  const runner = wanted ?? built.runner;
  const dataflow =
    runner === 'local'
      ? null
      : dataflowTargetOf({
          settings: loadSettings(root),
          config: built.launch,
          run: launch,
          namespace,
          console: process.env['DATAFLOW_EMULATOR_CONSOLE'],
        });
  if (runner === 'dataflow') {
    // Said before the run waits for its destinations, also of a run that no client checked.
    const allowPlaintext = input.allowPlaintextProfile === true;
    const problems = jobProblems(loaded, built, { root, allowPlaintext });
    if (problems.length > 0) throw new ConfigProblems(problems);
  }
  if (input.window !== undefined && incrementalOf(built.plan).incremental === undefined) {
    const message = "the run's input: `window` is for incremental sources; this config has none";
    throw failure('ConfigError', message);
  }
  notes.push(...replacedWindows(built.plan));
  if (runner === 'local' && Object.keys(launch).length > 0) {
    notes.push('the launch options are ignored: the runner is `local`');
  }
  return { built, runner, dataflow, notes };
}

/** The plan, and the config that it was built from: none for a plan that is pinned. */
async function planOf(
  root: string,
  store: LocalStore,
  input: ReadRunInput['input'],
): Promise<{ built: BuiltPlan; loaded: LoadedConfig | null }> {
  if (input.plan !== undefined) {
    return { built: await loadPinnedPlan(store, root, input.plan, input), loaded: null };
  }
  const path = isAbsolute(input.config) ? input.config : resolve(root, input.config);
  const loaded = loadConfig(path, { root });
  const built = await buildPlan(loaded, {
    root,
    store: store.id,
    args: input.args ?? {},
    ...(input.profile === undefined ? {} : { profile: input.profile }),
  });
  return { built, loaded };
}
