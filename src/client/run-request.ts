import { randomBytes } from 'node:crypto';
import { isAbsolute, relative, resolve } from 'node:path';
import type { BuiltPlan, LoadedConfig } from '../config/index.js';
import type { Problem } from '../config/document/problems.js';
import type { RunnerTarget } from '../shared/run/job.js';
import type { LaunchOptions } from '../shared/run/job.js';
import type { RunMemo } from '../shared/run/run-memo.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import { base32 } from '../shared/run-key.js';

export interface RunOptions {
  /** Values of the config's `args`; texts are read as the declared type. */
  args?: Record<string, unknown>;
  /** Path of the connection profiles, relative to the project root. */
  profile?: string;
  /** Where Beam runs. Default: what the config says. */
  runner?: string;
  /** How the job is launched, over the config's `launch` and beamline.yaml. */
  launch?: LaunchOptions;
  /** What incremental sources read: from `start` to before `end`, as texts of the column's type. */
  window?: { start?: string; end?: string };
  /** Append a window although it, or a part of it, was published before. */
  again?: boolean;
  /** Let a job on Dataflow read connection profiles with passwords in plain text. */
  allowPlaintextProfile?: boolean;
}

/** A checked request for a run: what starts the workflow, and what is shown of it. */
export interface RunRequest {
  workflowId: string;
  pipeline: string;
  /** Where Beam will run. */
  runner: string;
  input: RunPipelineInput;
  /** Stands for what was checked: the worker refuses to run another one. */
  memo: RunMemo;
  /** One line for Temporal's Web UI. */
  summary: string;
  /** Markdown for Temporal's Web UI. */
  details: string;
  /** The steps in the order of the config. */
  steps: { name: string; kind: 'source' | 'transform' | 'sink'; module: string }[];
}

/**
 * Checks a config and its arguments as `beamline validate` does; no server is needed.
 * @param file path of the config, relative to `root`; `shownAs` is its name in problems
 * @throws `ConfigProblems` with every problem at its place
 */
export async function createRunRequest(
  file: string,
  { root, shownAs, ...options }: RunOptions & { root: string; shownAs?: string },
): Promise<RunRequest> {
  const { buildPlan, loadConfig } = await import('../config/index.js');
  const path = resolve(root, file);
  const loaded = loadConfig(path, { root, file: shownAs ?? file });
  const built = await buildPlan(loaded, {
    root,
    store: '', // Its id is part of no more than the names of locks, which the worker computes.
    args: options.args ?? {},
    profile: options.profile,
  });
  const { plan, args, destinations } = built;
  const input: RunPipelineInput = { config: belowRoot(root, path) };
  if (options.profile !== undefined) {
    input.profile = belowRoot(root, resolve(root, options.profile));
  }
  if (options.runner !== undefined) input.runner = options.runner;
  if (options.args !== undefined && Object.keys(options.args).length > 0) input.args = options.args;
  if (options.launch !== undefined) input.launch = options.launch;
  if (options.window !== undefined) input.window = options.window;
  if (options.again === true) input.again = true;
  if (options.allowPlaintextProfile === true) input.allowPlaintextProfile = true;
  const asked = { loaded, built, root, namespace: '' };
  const { runner, place, problems } = await runPlaceOf(input, asked);
  const unread = problems();
  if (unread.length > 0) {
    const { ConfigProblems } = await import('../config/index.js');
    throw new ConfigProblems(unread);
  }
  await assertPathsAllowed(loaded, built, root);
  const values = Object.entries(args).map(([name, value]) => `${name}=${String(value)}`);
  return {
    workflowId: createWorkflowId(plan.name, new Date()),
    pipeline: plan.name,
    runner,
    input,
    memo: built.written === null ? {} : { config_sha256: built.written },
    summary: [`${plan.name}: ${input.config}`, ...values].join(' · '),
    details: [
      ...(place === null ? [] : [`- runs on ${place}`]),
      ...plan.sources.map(({ name, module }) => `- reads **${name}** (${module})`),
      ...plan.transforms.map(({ name, module }) => `- transforms **${name}** (${module})`),
      ...destinations.map(({ sink, mode, location }) => `- ${mode}s **${sink}**: ${location}`),
    ].join('\n'),
    steps: [
      ...plan.sources.map(({ name, module }) => ({ name, module, kind: 'source' as const })),
      ...plan.transforms.map(({ name, module }) => ({ name, module, kind: 'transform' as const })),
      ...[...plan.sinks, ...(plan.job_sinks ?? [])].map(({ name, module }) => ({
        name,
        module,
        kind: 'sink' as const,
      })),
    ],
  };
}

/** @throws `ConfigProblems` if the run would read or write outside of the project and its `roots` */
export async function assertPathsAllowed(
  loaded: LoadedConfig,
  { plan }: Pick<BuiltPlan, 'plan'>,
  root: string,
): Promise<void> {
  const { planPathProblems } = await import('../config/job/plan-paths.js');
  const problems = await planPathProblems(loaded, plan, root);
  if (problems.length === 0) return;
  const { ConfigProblems } = await import('../config/index.js');
  throw new ConfigProblems(problems);
}

/** Where a run would go, as the worker will resolve it. */
export interface RunPlace {
  runner: string;
  /** Where its job goes; null of a runner that runs where the run is prepared. */
  target: RunnerTarget | null;
  /** The same in Markdown. */
  place: string | null;
  /** Looks for what its job could not read. */
  problems: () => Problem[];
}

/**
 * Says where a run would go.
 * @param asked `namespace`: the Temporal namespace, a part of the deployment's name
 * @throws `ConfigProblems` if anything of the launch is missing or wrong
 */
export async function runPlaceOf(
  input: RunPipelineInput,
  asked: { loaded: LoadedConfig; built: BuiltPlan; root: string; namespace: string },
): Promise<RunPlace> {
  const { loaded, built, root, namespace } = asked;
  const { readRunInput } = await import('../config/settings/run-input.js');
  const { targetsOf } = await import('../config/job/runner-target.js');
  const read = readRunInput(input);
  const runner = read.runner ?? built.runner;
  const targets = await targetsOf(runner);
  if (targets === null) return { runner, target: null, place: null, problems: () => [] };
  const { environmentFor } = await import('../dev/environment/stack-environment.js');
  const env = await environmentFor(root);
  const launch = { config: built.launch, run: read.launch };
  const target = targets.resolve({ root, env, namespace, ...launch });
  const allowPlaintext = input.allowPlaintextProfile === true;
  const problems = () => targets.problems(loaded, built, { root, allowPlaintext });
  return { runner, target, place: targets.place(target), problems };
}

/** `flights-20261124t030411-k3f9`: readable, sorted by time, and unlike any other. */
export function createWorkflowId(pipeline: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${pipeline}-${time}-${base32(randomBytes(4), 5)}`;
}

/** Relative where the root contains it: the worker's root may be elsewhere. */
function belowRoot(root: string, path: string): string {
  const below = relative(root, path);
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}
