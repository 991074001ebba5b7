import { z } from 'zod';
import type { Destination } from '../../destinations/destination.js';
import { destinationNames, loadDestination } from '../../destinations/registry.js';
import { choiceProblems, withoutChoices } from './choices.js';
import type { Catalogue, ModuleEntry } from './catalogue.js';
import type { LoadedConfig } from '../document/document.js';
import { withWindowParameters } from './incremental.js';
import { problemsOf } from '../checks/issues.js';
import { mergeProblems, neverEmpties, unsupported, withoutMergeKeys } from '../checks/merging.js';
import { suggestion } from '../values/near-miss.js';
import type { Problem } from '../document/problems.js';
import { connectionProblems } from '../checks/profiles.js';
import { leadsElsewhere, outsideRoots } from '../settings/roots.js';
import { ruleProblems, withoutRules } from './rules.js';
import type { FoundModules } from './found-modules.js';
import type { JsonSchema } from '../values/schema-walk.js';
import type { Step } from '../envelope/steps.js';
import { valueAt } from '../values/values.js';

/** Finds the module of every step. Only the destinations that are used are loaded. */
export async function findModules(
  loaded: LoadedConfig,
  steps: readonly Step[],
  catalogue: Catalogue,
): Promise<FoundModules> {
  const found: FoundModules = { entries: new Map(), destinations: new Map(), problems: [] };
  for (const step of steps) {
    const { kind, module: name } = step;
    if (name === undefined) continue;
    const ofKind = catalogue.modules.filter((module) => module.kind === kind);
    const destinations = kind === 'sink' ? destinationNames() : [];
    const names = [...destinations, ...ofKind.map((module) => module.name)];
    const entry = ofKind.find((module) => module.name === name);
    if (destinations.includes(name)) found.destinations.set(step, await loadDestination(name));
    else if (entry !== undefined) found.entries.set(step, entry);
    else {
      const message = `unknown module: no ${kind} module is named \`${name}\`${suggestion(name, names)}`;
      found.problems.push(loaded.problem([...step.path, 'module'], message));
    }
  }
  return found;
}

/** The JSON Schema of a destination's parameters. */
export function destinationSchema(destination: Destination): JsonSchema {
  return z.toJSONSchema(destination.parameters, { io: 'input', unrepresentable: 'any' });
}

/** What is wrong with the parameters, inputs and use of a source, a transform or a sink in the job. */
export function moduleProblems(
  loaded: LoadedConfig,
  value: unknown,
  step: Step,
  entry: ModuleEntry,
): Problem[] {
  const schema = entry.capabilities.incremental ? withWindowParameters(entry.schema) : entry.schema;
  const result = validatorOf(entry, schema).safeParse(step.parameters, { reportInput: false });
  const problems = result.success
    ? []
    : problemsOf(result.error.issues, {
        loaded,
        value,
        base: [...step.path, 'parameters'],
        schema: () => schema,
        about: aboutStep(step),
      });
  problems.push(...choiceProblems(loaded, step, schema));
  problems.push(...ruleProblems(loaded, step, schema));
  if (step.kind === 'source') {
    problems.push(...connectionProblems(loaded, step, propertiesOf(entry.schema)));
  }
  const { inputs } = entry.capabilities;
  if (step.kind === 'transform' && inputs !== null && step.inputs.length > inputs) {
    const message = `module \`${entry.name}\` reads ${inputs} input, got ${step.inputs.length}`;
    problems.push(loaded.problem([...step.path, 'inputs'], message));
  }
  return problems;
}

/** A sink's parameters with their defaults, or what is wrong with them and with its mode. */
export function sinkProblems(
  loaded: LoadedConfig,
  value: unknown,
  step: Step,
  destination: Destination,
  { root }: { root: string },
): { parameters?: unknown; problems: Problem[] } {
  const problems = [
    ...mergeProblems(loaded, step, destination),
    ...unsupported(loaded, step, destination, 'on_schema_change'),
  ];
  const mode = step.raw['mode'];
  if (neverEmpties(mode) && step.raw['on_empty'] === 'truncate') {
    const message = `\`mode: ${mode}\` never empties its destination; use \`keep\` or \`fail\``;
    problems.push(loaded.problem([...step.path, 'on_empty'], message));
  }
  const isMerge = destination.modes.includes('merge') && mode === 'merge';
  const result = destination.parameters.safeParse(
    isMerge ? withoutMergeKeys(step.parameters) : step.parameters,
  );
  if (result.success) {
    for (const { parameter, path } of destination.paths?.(result.data) ?? []) {
      const at = [...step.path, 'parameters', parameter];
      const message = leadsElsewhere(valueAt(loaded.value, at), path);
      if (message !== undefined) problems.push(loaded.problem(at, message));
    }
    const context = { root, outsideRoots: (path: string) => outsideRoots(path, root) };
    const pinned = destination.pin?.(result.data, context) ?? { parameters: result.data };
    if ('parameters' in pinned) return { parameters: pinned.parameters, problems };
    const { parameter, message } = pinned.problem;
    return {
      problems: [...problems, loaded.problem([...step.path, 'parameters', parameter], message)],
    };
  }
  const wrong = problemsOf(result.error.issues, {
    loaded,
    value,
    base: [...step.path, 'parameters'],
    schema: () => destinationSchema(destination),
    about: aboutStep(step),
  });
  return { problems: [...problems, ...wrong] };
}

const validators = new WeakMap<ModuleEntry, z.ZodType>();

/** Made once for a module: a pipeline may have many steps of one. */
function validatorOf(entry: ModuleEntry, schema: JsonSchema): z.ZodType {
  let validator = validators.get(entry);
  if (validator === undefined) {
    validator = z.fromJSONSchema(withoutRules(withoutChoices(schema)));
    validators.set(entry, validator);
  }
  return validator;
}

function propertiesOf(schema: JsonSchema): JsonSchema {
  return (schema['properties'] ?? {}) as JsonSchema;
}

function aboutStep(step: Step): string {
  return step.name === undefined ? '' : ` (${step.kind} \`${step.name}\`)`;
}
