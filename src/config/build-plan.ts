import { createHash } from 'node:crypto';
import { canonicalJson } from './values/canonical-json.js';
import { checkConfig, type CheckOptions, type CheckedConfig } from './check.js';
import type { LoadedConfig } from './document/document.js';
import { durationMs } from '../shared/duration.js';
import type { PipelineConfig, SinkStep } from './envelope/envelope.js';
import { incrementalOf } from './modules/incremental.js';
import { pinnedOf } from './plan/located.js';
import { sinkPath } from './plan/outlooks.js';
import { optionsOf } from './envelope/launch-schema.js';
import { mergeOf } from './checks/merging.js';
import type {
  OnEmpty,
  PlannedSource,
  PlannedJobSink,
  PlannedSink,
  Plan,
  PlannedDestination,
  BuiltPlan,
} from './plan/plan-types.js';
import { ConfigProblems, type Problem } from './document/problems.js';
import type { Step } from './envelope/steps.js';

export interface PlanOptions extends CheckOptions {
  /** Id of the local store: part of the names of local destinations, and of nothing that is pinned. */
  store: string;
}

/**
 * Checks a config and builds the plan of one run.
 * @param options `complete: false` allows connection profiles that are not found
 * @throws {@link ConfigProblems} with every problem, missing arguments among them
 */
export async function buildPlan(loaded: LoadedConfig, options: PlanOptions): Promise<BuiltPlan> {
  const checked = await checkConfig(loaded, { complete: true, ...options });
  const { config, problems } = checked;
  if (config === undefined || problems.length > 0) throw new ConfigProblems(problems);
  const destinations = destinationsOf(checked, config, options);
  const shared = sharedDestinations(loaded, destinations);
  if (shared.length > 0) throw new ConfigProblems(shared);
  const plan = planOf(checked, config, destinations);
  const json = canonicalJson(pinnedOf(plan));
  return {
    plan,
    canonicalJson: json,
    sha256: sha256Of(json),
    destinations,
    written: sha256Of(canonicalJson({ config: loaded.value, files: checked.files })),
    args: checked.args.values,
    profiles: checked.profiles?.path ?? null,
    runner: config.runner,
    launch: optionsOf(config.launch),
  };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function planOf(
  checked: CheckedConfig,
  config: PipelineConfig,
  destinations: readonly PlannedDestination[],
): Plan {
  const parametersOf = new Map(
    checked.steps.map((step) => [step.name, checked.parameters.get(step)]),
  );
  const step = ({ name, module }: { name: string; module: string }): PlannedSource => ({
    name,
    module,
    parameters: (parametersOf.get(name) ?? {}) as Record<string, unknown>,
  });
  const stepNamed = (name: string): Step => {
    const found = checked.steps.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no step ${name}`);
    return found;
  };
  const inJob = (name: string): string | undefined =>
    checked.modules.entries.get(stepNamed(name))?.capabilities.idempotence;
  const jobSinks = config.sinks.flatMap((sink): PlannedJobSink[] => {
    const idempotence = inJob(sink.name);
    return idempotence === undefined ? [] : [{ ...step(sink), input: sink.input, idempotence }];
  });
  const timeout = config.timeout === undefined ? undefined : durationMs(config.timeout);
  return {
    version: 1,
    name: config.name,
    timezone: config.timezone,
    ...(timeout === undefined ? {} : { timeout_ms: timeout }),
    destination_wait_ms: durationMs(config.destination_wait) ?? 60_000,
    sources: config.sources.map((source) => {
      const incremental = incrementalOf(stepNamed(source.name), checked.steps, checked.modules);
      return { ...step(source), ...(incremental === undefined ? {} : { incremental }) };
    }),
    transforms: config.transforms.map((transform) => ({
      ...step(transform),
      inputs: transform.inputs,
    })),
    sinks: config.sinks
      .filter(({ name }) => inJob(name) === undefined)
      .map((sink) => ({
        ...step(sink),
        input: sink.input,
        mode: sink.mode,
        ...mergeIn(stepNamed(sink.name)),
        on_schema_change: sink.on_schema_change,
        on_empty: onEmptyOf(sink),
        destination: destinations.find((other) => other.sink === sink.name)?.key ?? '',
      })),
    ...(jobSinks.length === 0 ? {} : { job_sinks: jobSinks }),
  };
}

/** Where the sinks publish whose parameters are right. */
export function destinationsOf(
  { steps, modules, parameters }: CheckedConfig,
  config: PipelineConfig,
  { root, store }: Pick<PlanOptions, 'root' | 'store'>,
): PlannedDestination[] {
  const sinks = steps.filter((step) => step.kind === 'sink');
  return config.sinks.flatMap((sink, index) => {
    const step = sinks[index];
    const destination = step === undefined ? undefined : modules.destinations.get(step);
    const given = step === undefined ? undefined : parameters.get(step);
    if (destination === undefined || given === undefined) return [];
    const context = { root, storeId: store };
    return [
      {
        sink: sink.name,
        module: sink.module,
        mode: sink.mode,
        on_empty: onEmptyOf(sink),
        key: destination.key(given, context),
        location: destination.location(given, context),
      },
    ];
  });
}

/** Two sinks of one run that write to the same place would overwrite each other. */
function sharedDestinations(
  loaded: LoadedConfig,
  destinations: readonly PlannedDestination[],
): Problem[] {
  return destinations.flatMap(({ key, location, sink }, index) => {
    const first = destinations.findIndex((other) => other.key === key);
    if (first === index) return [];
    const message = writtenTwice(destinations[first]?.sink ?? '', sink, location);
    return [loaded.problem([...sinkPath(loaded, sink, index), 'parameters'], message, 'key')];
  });
}

/** What is said of two sinks of one config with one destination. */
export function writtenTwice(first: string, second: string, location: string): string {
  return (
    `sinks \`${first}\` and \`${second}\` both write ${location}; ` +
    'join their inputs in a transform, or give one another destination'
  );
}

function mergeIn(sink: Step): Pick<PlannedSink, 'merge'> {
  const merge = mergeOf(sink);
  return merge === undefined ? {} : { merge };
}

function onEmptyOf(sink: SinkStep): OnEmpty {
  return sink.on_empty ?? (sink.mode === 'replace' ? 'truncate' : 'keep');
}
