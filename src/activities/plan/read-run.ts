import { basename, dirname, isAbsolute, resolve } from 'node:path';
import {
  buildPlan,
  ConfigProblems,
  loadConfig,
  type BuiltPlan,
  type LoadedConfig,
} from '../../config/index.js';
import { windowedSourcesOf } from '../../config/plan/lineage.js';
import { planPathProblems } from '../../config/job/plan-paths.js';
import type { Plan } from '../../config/plan/plan-types.js';
import { outsideRoots } from '../../config/settings/roots.js';
import { readRunInput, type ReadRunInput } from '../../config/settings/run-input.js';
import { targetsOf } from '../../config/job/runner-target.js';
import { optionsOf } from '../../runners/registry.js';
import type { RunnerTarget } from '../../shared/run/job.js';
import { failure } from '../../shared/failures.js';
import { profilesName } from '../../shared/names.js';
import type { RunPipelineInput } from '../../shared/run/run-input.js';
import type { LocalStore } from '../../store/local-store.js';
import type { PreparedRun } from '../../workflows/contract/activities.js';
import { loadPinnedPlan } from './pinned-plan.js';
import { sinkNamed } from './sink-named.js';

/** What is asked: the input of a run, and whose it is. */
export interface RunQuestion {
  given: RunPipelineInput;
  root: string;
  store: LocalStore;
  namespace: string;
}

/** What a run is to do: plain data, which may pass between threads. */
export interface ReadRun {
  built: BuiltPlan;
  /** Path of the config that it was built from; null for a plan that is pinned. */
  config: string | null;
  runner: string;
  target: RunnerTarget | null;
  notes: string[];
}

/**
 * Reads the input, the config and, for a remote runner, the settings: every problem is found here.
 *
 * Whoever may start a run gives the input, and so the names of files: they lie below the project root or
 * its declared `roots`.
 * @throws `ConfigProblems`, or a failure of ours
 */
export async function readRun({ given, root, store, namespace }: RunQuestion): Promise<ReadRun> {
  const { input, runner: wanted, launch, notes } = readRunInput(given);
  const { built, loaded } = await planOf(root, store, input);
  const runner = wanted ?? built.runner;
  const targets = await targetsOf(runner);
  const { env } = process;
  const target = targets?.resolve({ root, env, config: built.launch, run: launch, namespace });
  // Said before the run waits for its destinations, also of a run that no client checked.
  const allowPlaintext = input.allowPlaintextProfile === true;
  const problems = targets?.problems(loaded, built, { root, allowPlaintext }) ?? [];
  if (problems.length > 0) throw new ConfigProblems(problems);
  const outside = await planPathProblems(loaded, built.plan, root);
  if (outside.length > 0) throw new ConfigProblems(outside);
  if (input.window !== undefined && incrementalOf(built.plan).incremental === undefined) {
    const message = "the run's input: `window` is for incremental sources; this config has none";
    throw failure('ConfigError', message);
  }
  notes.push(...replacedWindows(built.plan));
  if (!optionsOf(runner).takesLaunch && Object.keys(launch).length > 0) {
    notes.push(`the launch options are ignored: the runner is \`${runner}\``);
  }
  return { built, config: loaded?.path ?? null, runner, target: target ?? null, notes };
}

/** Names of the sources that are read in windows. */
export function incrementalOf({ sources }: Plan): Pick<PreparedRun, 'incremental'> {
  const names = sources.flatMap(({ name, incremental }) => (incremental ? [name] : []));
  return names.length === 0 ? {} : { incremental: names };
}

/** Whether rows of a source that is read in windows reach the sink. */
export function isWindowed(plan: Plan, sink: string): boolean {
  return windowedSourcesOf(plan, sinkNamed(plan, sink).input).length > 0;
}

/** satokiyo/pydataflow-template warns of these, too: the destination holds one window only. */
function replacedWindows(plan: Plan): string[] {
  return plan.sinks
    .filter(({ name, mode }) => mode === 'replace' && isWindowed(plan, name))
    .map(({ name }) => `${name}: \`mode: replace\` keeps only what this run's window brings`);
}

/** The plan, and the config that it was built from: none for a plan that is pinned. */
async function planOf(
  root: string,
  store: LocalStore,
  input: ReadRunInput['input'],
): Promise<{ built: BuiltPlan; loaded: LoadedConfig | null }> {
  const { config, profile, plan } = input;
  // The owner of the project chose what a file of this name is, also if it is a link.
  const isOwn = profile !== undefined && basename(profile) === profilesName;
  assertInside('profile', isOwn ? dirname(profile) : profile, root);
  if (plan !== undefined) {
    return { built: await loadPinnedPlan(store, root, plan, input), loaded: null };
  }
  assertInside('config', config, root);
  const path = isAbsolute(config) ? config : resolve(root, config);
  const loaded = loadConfig(path, { root });
  const built = await buildPlan(loaded, {
    root,
    store: store.id,
    args: input.args ?? {},
    ...(profile === undefined ? {} : { profile }),
  });
  return { built, loaded };
}

/** Before the file is opened: what is elsewhere is neither read nor quoted. */
function assertInside(path: 'config' | 'profile', file: string | undefined, root: string): void {
  const message = file === undefined ? undefined : outsideRoots(file, root);
  if (message === undefined) return;
  throw new ConfigProblems([{ file: "the run's input", line: 0, column: 0, path, message }]);
}
