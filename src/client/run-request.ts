import { randomBytes } from 'node:crypto';
import { isAbsolute, relative, resolve } from 'node:path';
import type { RunPipelineInput } from '../shared/run-input.js';
import { base32 } from '../shared/run-key.js';

export interface RunOptions {
  /** Values of the config's `args`; texts are read as the declared type. */
  args?: Record<string, unknown>;
  /** Path of the connection profiles, relative to the project root. */
  profile?: string;
  runner?: 'local';
}

/** A checked request for a run: what starts the workflow, and what is shown of it. */
export interface RunRequest {
  workflowId: string;
  pipeline: string;
  input: RunPipelineInput;
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
  const { plan, args, destinations } = await buildPlan(loaded, {
    root,
    store: '', // Its id is part of the plan's hash only, which the worker computes.
    args: options.args ?? {},
    profile: options.profile,
  });
  const input: RunPipelineInput = { config: belowRoot(root, path) };
  if (options.profile !== undefined) {
    input.profile = belowRoot(root, resolve(root, options.profile));
  }
  if (options.runner !== undefined) input.runner = options.runner;
  if (options.args !== undefined && Object.keys(options.args).length > 0) input.args = options.args;
  const values = Object.entries(args).map(([name, value]) => `${name}=${String(value)}`);
  return {
    workflowId: createWorkflowId(plan.name, new Date()),
    pipeline: plan.name,
    input,
    summary: [`${plan.name}: ${input.config}`, ...values].join(' · '),
    details: [
      ...plan.sources.map(({ name, module }) => `- reads **${name}** (${module})`),
      ...plan.transforms.map(({ name, module }) => `- transforms **${name}** (${module})`),
      ...destinations.map(({ sink, mode, location }) => `- ${mode}s **${sink}**: ${location}`),
    ].join('\n'),
    steps: [
      ...plan.sources.map(({ name, module }) => ({ name, module, kind: 'source' as const })),
      ...plan.transforms.map(({ name, module }) => ({ name, module, kind: 'transform' as const })),
      ...plan.sinks.map(({ name, module }) => ({ name, module, kind: 'sink' as const })),
    ],
  };
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
