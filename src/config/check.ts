import { resolveArgs, missingArgs, type ResolvedArgs } from './checks/arguments.js';
import { connectingSources, loadCatalogue, type Catalogue } from './modules/catalogue.js';
import type { LoadedConfig } from './document/document.js';
import {
  defaultName,
  envelopeSchema,
  pipelineConfig,
  type PipelineConfig,
} from './envelope/envelope.js';
import { graphProblems } from './checks/graph.js';
import { problemsOf } from './checks/issues.js';
import { incrementalProblems, withoutWindowParameters } from './modules/incremental.js';
import type { FoundModules } from './modules/found-modules.js';
import { jobSinkProblems } from './modules/job-sinks.js';
import { findModules, moduleProblems, sinkProblems } from './modules/modules.js';
import { nearMiss, shortList } from './values/near-miss.js';
import { ConfigProblems, sortProblems, type Problem } from './document/problems.js';
import { sinkChoices } from './checks/merging.js';
import { loadProfiles, profileProblems, unknownProfiles } from './checks/profiles.js';
import { fillIn, mostFilled, placeOf } from './checks/references.js';
import { leadsElsewhere } from './settings/roots.js';
import { scheduleProblems } from './checks/schedule-problems.js';
import { inlineSecrets } from './checks/secrets.js';
import { inlineSql } from './modules/sql-files.js';
import { sizeProblems } from './document/size-problems.js';
import { stepsOf, type Step } from './envelope/steps.js';
import { isMapping, valueAt } from './values/values.js';

export interface CheckOptions {
  /** The project root: relative paths start here. */
  root: string;
  /** Values of arguments, by name; texts are read as the declared type. */
  args?: Record<string, unknown>;
  /** Path of the connection profiles, relative to `root`. */
  profile?: string | undefined;
  /** Whether every argument must have a value and every profile must be found: as for a run. */
  complete?: boolean;
  /** Default: the modules of this installation. */
  catalogue?: Catalogue;
}

/** A config after every check. Without problems, all of it can be relied on. */
export interface CheckedConfig {
  problems: Problem[];
  /** The envelope with its defaults; undefined if it has a problem. */
  config: PipelineConfig | undefined;
  args: ResolvedArgs;
  steps: Step[];
  modules: FoundModules;
  /** Parameters as they go into the plan: SQL inlined, defaults of sinks filled in. */
  parameters: Map<Step, unknown>;
  profiles: LoadedConfig | undefined;
  /** The texts that it takes from files, by the paths or the steps that name them. */
  files: Record<string, unknown>;
  /** Profiles that are named and were not looked up, as there is no file of them. */
  notLookedUp: string[];
}

/** Checks a loaded config against every rule and reports all problems at once. */
export async function checkConfig(
  loaded: LoadedConfig,
  options: CheckOptions,
): Promise<CheckedConfig> {
  const { root, complete = false } = options;
  const early = [...strangeProblems(loaded), ...sizeProblems(loaded)];
  if (early.length > 0) return unchecked(early);
  const args = resolveArgs(loaded, options.args ?? {});
  const budget = { left: mostFilled };
  const { value, problems: references, open } = fillIn(loaded, args, budget);
  const steps = stepsOf(value);
  const catalogue = options.catalogue ?? loadCatalogue(root);
  const modules = await findModules(loaded, steps, catalogue);
  const envelope = checkEnvelope(loaded, value, modules);
  const parameters = new Map<Step, unknown>();
  const judged: Problem[] = [
    ...envelope.problems,
    ...graphProblems(loaded, steps),
    ...modules.problems,
    ...incrementalProblems(loaded, steps, modules),
    ...jobSinkProblems(loaded, steps, modules),
  ];
  const secrets = inlineSecrets(loaded);
  const firm: Problem[] = [
    ...references,
    ...args.problems,
    ...secrets,
    ...scheduleProblems(loaded),
  ];
  if (complete) firm.push(...missingArgs(loaded, args));
  const files: Record<string, unknown> = {};
  for (const [step, entry] of modules.entries) {
    const sql = await inlineSql(loaded, step, entry.sql_parameters, { root, args, budget });
    Object.assign(files, sql.files);
    firm.push(...sql.problems, ...argumentProblems(loaded, step, entry.path_parameters));
    judged.push(...moduleProblems(loaded, value, { ...step, parameters: sql.parameters }, entry));
    const { incremental } = entry.capabilities;
    parameters.set(step, incremental ? withoutWindowParameters(sql.parameters) : sql.parameters);
  }
  for (const [step, destination] of modules.destinations) {
    const sink = sinkProblems(loaded, value, step, destination, { root });
    judged.push(...sink.problems);
    parameters.set(step, sink.parameters);
    files[step.path.join('.')] = pinnedIn(step, sink.parameters);
  }
  const connections = checkProfiles(loaded, steps, catalogue, options);
  judged.push(...connections.problems);
  for (const secret of secrets) open.add(placeOf(secret));
  return {
    problems: sortProblems([...firm, ...judged.filter((problem) => !open.has(placeOf(problem)))]),
    config: envelope.config,
    args,
    steps,
    modules,
    parameters,
    profiles: connections.profiles,
    files,
    notLookedUp: connections.notLookedUp,
  };
}

/** What is no config at all: its keys are not told, since it may be any file. */
function strangeProblems(loaded: LoadedConfig): Problem[] {
  const { value } = loaded;
  const known = Object.keys(pipelineConfig.shape);
  if (!isMapping(value) || Object.keys(value).length === 0) return [];
  const words = Object.keys(value).slice(0, 1000);
  if (words.some((key) => nearMiss(key, known) !== undefined)) return [];
  return [loaded.problem([], `is no config of a pipeline: it has none of ${shortList(known)}`)];
}

function unchecked(problems: Problem[]): CheckedConfig {
  return {
    problems: sortProblems(problems),
    config: undefined,
    args: { values: {}, missing: [], types: {}, problems: [] },
    steps: [],
    modules: { entries: new Map(), destinations: new Map(), problems: [] },
    parameters: new Map(),
    profiles: undefined,
    files: {},
    notLookedUp: [],
  };
}

/** Texts that a destination has put in the place of the paths of their files. */
function pinnedIn(step: Step, parameters: unknown): Record<string, unknown> {
  const now = isMapping(parameters) ? parameters : {};
  const changed = Object.entries(step.parameters).filter(
    ([name, given]) => typeof given === 'string' && now[name] !== given,
  );
  return Object.fromEntries(changed.map(([name]) => [name, now[name] ?? null]));
}

/** Paths that a step reads and that an argument leads to another folder. */
function argumentProblems(loaded: LoadedConfig, step: Step, names: readonly string[]): Problem[] {
  return names.flatMap((name) => {
    const at = [...step.path, 'parameters', name];
    const value = step.parameters[name];
    const places = Array.isArray(value) ? value.map((_, index) => [...at, index]) : [at];
    return places.flatMap((place, index) => {
      const filled: unknown = Array.isArray(value) ? value[index] : value;
      const message = leadsElsewhere(valueAt(loaded.value, place), filled);
      return message === undefined ? [] : [loaded.problem(place, message)];
    });
  });
}

function checkEnvelope(
  loaded: LoadedConfig,
  value: unknown,
  modules: FoundModules,
): { config: PipelineConfig | undefined; problems: Problem[] } {
  const result = pipelineConfig.safeParse(value);
  if (result.success) {
    const { name = defaultName(loaded.path), ...rest } = result.data;
    return { config: { name, ...rest }, problems: [] };
  }
  const schema = envelopeSchema;
  const choices = sinkChoices(modules.destinations);
  const problems = problemsOf(result.error.issues, { loaded, value, base: [], schema, choices });
  return { config: undefined, problems };
}

function checkProfiles(
  loaded: LoadedConfig,
  steps: readonly Step[],
  catalogue: Catalogue,
  { root, profile, complete = false }: CheckOptions,
): Pick<CheckedConfig, 'profiles' | 'problems' | 'notLookedUp'> {
  const named = steps.map((step) => step.parameters['profile']);
  const keys = [...new Set(named)].filter((key): key is string => typeof key === 'string');
  const none = { profiles: undefined, notLookedUp: [] };
  if (keys.length === 0 && profile === undefined) return { ...none, problems: [] };
  try {
    const profiles = loadProfiles(loaded, { root, profile });
    const problems =
      profiles === undefined ? [] : profileProblems(profiles, steps, connectingSources(catalogue));
    const unknown = unknownProfiles(loaded, steps, { profiles, required: complete });
    const notLookedUp = profiles === undefined ? keys : [];
    return { profiles, problems: [...problems, ...unknown], notLookedUp };
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return { ...none, problems: [...error.problems] };
  }
}
