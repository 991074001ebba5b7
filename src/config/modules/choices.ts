import type { LoadedConfig } from '../document/document.js';
import { nearMiss } from '../values/near-miss.js';
import type { Problem } from '../document/problems.js';
import type { JsonSchema } from '../values/schema-walk.js';
import type { Step } from '../envelope/steps.js';
import { isMapping } from '../values/values.js';

/**
 * Sets of parameters of which exactly one must be given: a schema's
 * `oneOf: [{required: [query]}, {required: [table]}]`.
 */
export function choicesOf(schema: JsonSchema): string[][] {
  const branches: unknown = schema['oneOf'];
  if (!Array.isArray(branches)) return [];
  return branches.flatMap((branch: unknown) =>
    isMapping(branch) && Array.isArray(branch['required']) ? [branch['required'] as string[]] : [],
  );
}

/** The schema without its choices: they are checked here, in words. */
export function withoutChoices(schema: JsonSchema): JsonSchema {
  if (choicesOf(schema).length === 0) return schema;
  const { oneOf: _choices, ...rest } = schema;
  return rest;
}

/** What is wrong with the choice that a step's parameters make. */
export function choiceProblems(loaded: LoadedConfig, step: Step, schema: JsonSchema): Problem[] {
  const choices = choicesOf(schema);
  const given = Object.keys(step.parameters).filter((key) => step.parameters[key] !== null);
  // A misspelt key is reported already: what it means counts as given.
  const known = Object.keys(isMapping(schema['properties']) ? schema['properties'] : {});
  const meant = given.map((key) => (known.includes(key) ? key : nearMiss(key, known)));
  const made = choices.filter((keys) => keys.every((key) => meant.includes(key)));
  if (choices.length === 0 || made.length === 1) return [];
  const names = choices.map((keys) => keys.map((key) => `\`${key}\``).join(' with '));
  const path = [...step.path, 'parameters'];
  const about = ` (${step.kind} \`${step.name ?? ''}\`)`;
  return made.length === 0
    ? [loaded.problem(path, `give ${names.join(' or ')}${about}`, 'key')]
    : [
        loaded.problem(
          [...path, made[1]?.[0] ?? ''],
          `give ${names.join(' or ')}, not both${about}`,
          'key',
        ),
      ];
}
