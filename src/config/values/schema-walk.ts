import { isMapping, own } from './values.js';
import type { ConfigPath } from './config-path.js';

/** A JSON Schema, as pydantic or zod write it. */
export type JsonSchema = Record<string, unknown>;

/** The keys that a schema knows in the mapping at `path`, over all alternatives. */
export function allowedKeys(schema: JsonSchema, path: ConfigPath): string[] {
  const keys = schemasAt(schema, path).flatMap((found) =>
    isMapping(found['properties']) ? Object.keys(found['properties']) : [],
  );
  return [...new Set(keys)];
}

function schemasAt(root: JsonSchema, path: ConfigPath): JsonSchema[] {
  return path.reduce<JsonSchema[]>(
    (schemas, step) => schemas.flatMap((schema) => expand(root, child(schema, step))),
    expand(root, root),
  );
}

function child(schema: JsonSchema, step: string | number): unknown {
  if (typeof step === 'number') return schema['items'];
  const properties = schema['properties'];
  return isMapping(properties) && Object.hasOwn(properties, step)
    ? properties[step]
    : schema['additionalProperties'];
}

/** A schema and its alternatives, references resolved. */
function expand(root: JsonSchema, schema: unknown): JsonSchema[] {
  if (!isMapping(schema)) return [];
  const alternatives = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => {
    const branches = schema[key];
    return Array.isArray(branches) ? branches.flatMap((branch) => expand(root, branch)) : [];
  });
  return [schema, ...expand(root, referred(root, schema['$ref'])), ...alternatives];
}

function referred(root: JsonSchema, reference: unknown): unknown {
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (isMapping(node) ? own(node, key) : undefined), root);
}
