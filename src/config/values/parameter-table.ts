import { isMapping } from './values.js';
import type { JsonSchema } from './schema-walk.js';

/** One row of a table of parameters. */
export interface ParameterRow {
  /** `query`, `partition.column`, `columns[].type`. */
  name: string;
  type: string;
  required: boolean;
  /** As it would be written; undefined if there is none. */
  default: string | undefined;
  description: string;
}

/** The parameters of a schema, nested mappings below their parent. */
export function parameterRows(schema: JsonSchema, root: JsonSchema = schema): ParameterRow[] {
  const properties = isMapping(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([name, property]) => {
    const parameter = isMapping(property) ? property : {};
    const row: ParameterRow = {
      name,
      type: typeOf(parameter, root),
      required: required.includes(name),
      default: defaultOf(parameter),
      description: describe(parameter, root),
    };
    return [row, ...nested(parameter, root, name)];
  });
}

function nested(parameter: JsonSchema, root: JsonSchema, name: string): ParameterRow[] {
  const seen = new Set<string>();
  return alternatives(parameter, root).flatMap((schema) => {
    const items = isMapping(schema['items']) ? alternatives(schema['items'], root) : [];
    const values = isMapping(schema['additionalProperties'])
      ? alternatives(schema['additionalProperties'], root)
      : [];
    const rows = [
      ...rowsBelow(schema, root, `${name}.`),
      ...values.flatMap((value) => rowsBelow(value, root, `${name}.NAME.`)),
      ...items.flatMap((item) => rowsBelow(item, root, `${name}[].`)),
    ];
    return rows.filter((row) => !seen.has(row.name) && seen.add(row.name));
  });
}

function rowsBelow(schema: JsonSchema, root: JsonSchema, prefix: string): ParameterRow[] {
  return parameterRows(schema, root).map((row) => ({ ...row, name: prefix + row.name }));
}

/** The forms that a value may take, references resolved and `null` left out. */
function alternatives(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  const reference = schema['$ref'];
  if (typeof reference === 'string') return alternatives(resolved(reference, root), root);
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(branches)) {
    return branches
      .filter((branch) => isMapping(branch))
      .flatMap((branch) => alternatives(branch, root));
  }
  return schema['type'] === 'null' ? [] : [schema];
}

function typeOf(schema: JsonSchema, root: JsonSchema): string {
  const names = alternatives(schema, root).map((form) => {
    if (form['const'] !== undefined) return `\`${JSON.stringify(form['const'])}\``;
    if (Array.isArray(form['enum']))
      return form['enum'].map((value) => `\`${String(value)}\``).join(', ');
    const items = form['items'];
    if (form['type'] === 'array')
      return isMapping(items) ? `list of ${typeOf(items, root)}` : 'list';
    const values = form['additionalProperties'];
    if (form['type'] === 'object') {
      return isMapping(values) && Object.keys(values).length > 0
        ? `mapping to ${typeOf(values, root)}`
        : 'mapping';
    }
    const types: unknown[] = Array.isArray(form['type']) ? form['type'] : [form['type']];
    const words: Record<string, string> = {
      string: 'text',
      integer: 'whole number',
      boolean: 'true or false',
    };
    return types
      .map((type) => (typeof type === 'string' ? (words[type] ?? type) : 'any value'))
      .join(' or ');
  });
  return [...new Set(names)].join(' or ');
}

function defaultOf(schema: JsonSchema): string | undefined {
  const value = schema['default'];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describe(schema: JsonSchema, root: JsonSchema): string {
  const own = schema['description'];
  if (typeof own === 'string') return own;
  const reference = schema['$ref'];
  return typeof reference === 'string' ? describe(resolved(reference, root), root) : '';
}

function resolved(reference: string, root: JsonSchema): JsonSchema {
  const found = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, key) => (isMapping(node) ? node[key] : undefined), root);
  return isMapping(found) ? found : {};
}
