import { Ajv2020 } from 'ajv/dist/2020.js';
import type { LoadedConfig } from '../document/document.js';
import type { Problem } from '../document/problems.js';
import type { JsonSchema } from '../values/schema-walk.js';
import type { Step } from '../envelope/steps.js';
import { isMapping } from '../values/values.js';

/** A rule over several parameters: a JSON Schema whose `description` says it in words. */
export interface Rule {
  description: string;
  schema: JsonSchema;
}

const ajv = new Ajv2020({
  strictTypes: false,
  strictRequired: false,
  // Compiling the schema of schemas takes a fifth of `validate`; a test holds the modules' schemas to it.
  meta: false,
  validateSchema: false,
});

/**
 * The rules of a module: its schema's `allOf`, each with a `description` for people.
 * @throws if one has none, or the schema has rules elsewhere: the module's author must see it
 */
export function rulesOf(schema: JsonSchema): Rule[] {
  const stray = ['if', 'not', 'anyOf'].filter((keyword) => keyword in schema);
  const rules: unknown = schema['allOf'] ?? [];
  if (stray.length > 0 || !Array.isArray(rules)) {
    throw new Error(`a module schema has its rules in \`allOf\`, not in ${stray.join(', ')}`);
  }
  return rules.map((rule: unknown) => {
    if (!isMapping(rule) || typeof rule['description'] !== 'string') {
      throw new Error('a rule in a module schema needs a `description`: it is the message');
    }
    return { description: rule['description'], schema: rule };
  });
}

/** The schema without its rules: they are checked here, in words. */
export function withoutRules(schema: JsonSchema): JsonSchema {
  const { allOf: _rules, ...rest } = schema;
  return rest;
}

/** The rules that a step's parameters break, each at the first parameter that it speaks of. */
export function ruleProblems(loaded: LoadedConfig, step: Step, schema: JsonSchema): Problem[] {
  const given = Object.fromEntries(
    Object.entries(step.parameters).filter(([, value]) => value !== null),
  );
  return rulesOf(schema)
    .filter((rule) => !ajv.validate(rule.schema, given))
    .map((rule) => {
      const words = new Set(rule.description.match(/[a-z_]+/g));
      const named = Object.keys(given).find((name) => words.has(name));
      const path = [...step.path, 'parameters', ...(named === undefined ? [] : [named])];
      const about = `${step.kind} \`${step.name ?? ''}\``;
      return loaded.problem(path, `${rule.description} (${about})`, 'key');
    });
}
