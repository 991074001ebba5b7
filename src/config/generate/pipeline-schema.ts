import { envelopeSchema } from '../envelope/envelope.js';
import { publishingKeys } from '../modules/job-sinks.js';
import type { ModuleInfo } from '../modules/module-info.js';
import type { JsonSchema } from '../values/schema-walk.js';
import { isMapping } from '../values/values.js';

/**
 * The JSON Schema of a whole config: the envelope, and for each step the parameters of its module.
 * For editors: `beamline validate` checks more (the graph, arguments, files).
 */
export function pipelineSchema(modules: readonly ModuleInfo[]): JsonSchema {
  const envelope = envelopeSchema();
  const properties = mapping(envelope['properties']);
  const definitions: JsonSchema = {};
  for (const module of modules) Object.assign(definitions, definitionsOf(module));
  return {
    ...envelope,
    properties: {
      ...properties,
      sources: withModules(properties['sources'], modules, 'source'),
      transforms: withModules(properties['transforms'], modules, 'transform'),
      sinks: withModules(properties['sinks'], modules, 'sink'),
    },
    $defs: definitions,
  };
}

/** A list of steps whose `parameters` follow from their `module`. */
function withModules(
  list: unknown,
  modules: readonly ModuleInfo[],
  kind: ModuleInfo['kind'],
): JsonSchema {
  const ofKind = modules.filter((module) => module.kind === kind);
  const step = mapping(mapping(list)['items']);
  const properties = mapping(step['properties']);
  const names = ofKind.map(({ name, summary }) => ({ const: name, description: summary }));
  const described = mapping(properties['module']);
  return {
    ...mapping(list),
    items: {
      ...step,
      properties: { ...properties, module: { ...described, oneOf: names } },
      allOf: ofKind.map((module) => ({
        if: { properties: { module: { const: module.name } }, required: ['module'] },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { properties: consequences(module) },
      })),
    },
  };
}

function consequences(module: ModuleInfo): JsonSchema {
  return {
    parameters: { $ref: `#/$defs/${definitionName(module)}` },
    ...(module.modes === undefined ? {} : { mode: { enum: module.modes } }),
    ...(module.schemaChanges === undefined
      ? {}
      : { on_schema_change: { enum: module.schemaChanges } }),
    ...(typeof module.inputs === 'number' ? { inputs: { maxItems: module.inputs } } : {}),
    ...(module.idempotence === undefined ? {} : keysOfPublishing()),
  };
}

/** What a sink in the job has not. */
function keysOfPublishing(): JsonSchema {
  return Object.fromEntries(publishingKeys.map((key) => [key, false]));
}

/** The module's schema and its own definitions, under names of the whole document. */
function definitionsOf(module: ModuleInfo): JsonSchema {
  const name = definitionName(module);
  const { $defs: inner, $schema: _dialect, ...schema } = module.schema;
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item) => renamed(item));
    if (!isMapping(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === '$ref' && typeof item === 'string'
          ? item.replace('#/$defs/', `#/$defs/${name}.`)
          : renamed(item),
      ]),
    );
  };
  const own = Object.entries(mapping(inner)).map(([key, value]) => [`${name}.${key}`, value]);
  return Object.fromEntries(
    [[name, schema], ...own].map(([key, value]) => [key, orReference(renamed(value))]),
  ) as JsonSchema;
}

function definitionName({ kind, name }: ModuleInfo): string {
  return `${kind}.${name}`;
}

const reference = { type: 'string', pattern: String.raw`^\$\{args\.[A-Za-z_][A-Za-z0-9_]*\}$` };

/** Where a number, a choice or a pattern is asked for, `${args.NAME}` may stand as well. */
function orReference(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => orReference(item));
  if (!isMapping(schema)) return schema;
  const isLeaf =
    ['integer', 'number', 'boolean'].includes(String(schema['type'])) ||
    (schema['type'] === 'string' &&
      ('enum' in schema || 'pattern' in schema || 'format' in schema));
  if (isLeaf) {
    const { description, default: standard, title, ...rest } = schema;
    const notes = { description, default: standard, title };
    return { ...defined(notes), anyOf: [rest, reference] };
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'properties' ? orReferences(mapping(value)) : orReference(value),
    ]),
  );
}

/** A mapping of names, which may look like keywords, to schemas. */
function orReferences(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, orReference(value)]),
  );
}

function defined(value: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

function mapping(value: unknown): JsonSchema {
  return isMapping(value) ? value : {};
}
