import type { TableField } from '../../../gateways/bigquery-service.js';
import { jsonErrorOf } from '../../../shared/json-error.js';
import { typeNameOf } from './type-fit.js';

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema */
const types = [
  'STRING',
  'BYTES',
  'INT64',
  'FLOAT64',
  'BOOL',
  'TIMESTAMP',
  'DATE',
  'TIME',
  'DATETIME',
  'GEOGRAPHY',
  'NUMERIC',
  'BIGNUMERIC',
  'JSON',
  'STRUCT',
  'INTERVAL',
  'RANGE',
];
const modes = ['NULLABLE', 'REQUIRED', 'REPEATED'];

/** What the parameter `schema` says. */
export type SchemaChoice =
  | { kind: 'auto' }
  | { kind: 'get_from_table' }
  | { kind: 'fields'; fields: TableField[] }
  | { kind: 'file'; path: string };

/** @throws `RangeError` saying what is wrong, what was got and what is allowed */
export function parseSchema(text: string): SchemaChoice {
  const trimmed = text.trim();
  if (trimmed === 'auto' || trimmed === 'get_from_table') return { kind: trimmed };
  if (/^[[{]/.test(trimmed)) return { kind: 'fields', fields: parseSchemaFile(trimmed) };
  if (/\.json$/i.test(trimmed)) return { kind: 'file', path: trimmed };
  return { kind: 'fields', fields: parseInline(trimmed) };
}

/** Reads what `bq show --schema --format=prettyjson` prints, or a mapping with it as `fields`. */
export function parseSchemaFile(text: string): TableField[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`is no JSON: ${jsonErrorOf(text)?.message ?? String(error)}`);
  }
  const list = Array.isArray(document)
    ? document
    : (document as { fields?: unknown } | null)?.fields;
  if (!Array.isArray(list) || list.length === 0) {
    throw new RangeError(
      'must be a list of fields, as `bq show --schema --format=prettyjson` prints it',
    );
  }
  return checked(list.map((entry: unknown) => fieldOf(entry, '')));
}

/** `name:TYPE,name:TYPE`, with `NUMERIC(10,2)` and the like. */
function parseInline(text: string): TableField[] {
  const parts = splitFields(text);
  return checked(
    parts.map((part) => {
      const [, name, type = '', precision, scale] =
        /^([^:]+):\s*([A-Za-z0-9]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/.exec(part) ?? [];
      if (name === undefined) {
        throw new RangeError(
          `\`${part}\` is no \`name:TYPE\`; use \`auto\`, \`get_from_table\`, \`f:TYPE,…\`, or the path of a .json file`,
        );
      }
      assertType(type, name.trim());
      return {
        name: name.trim(),
        type: typeNameOf(type),
        mode: 'NULLABLE',
        ...(precision === undefined ? {} : { precision }),
        ...(scale === undefined ? {} : { scale }),
      };
    }),
  );
}

/** At the commas that stand in no parentheses, in one pass. */
function splitFields(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const piece of text.split(/([,()])/)) {
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (piece === ',' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim());
}

function fieldOf(entry: unknown, above: string): TableField {
  const { name, type, mode = 'NULLABLE', fields } = (entry ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') {
    throw new RangeError(`a field${above === '' ? '' : ` of \`${above}\``} has no \`name\``);
  }
  const path = above === '' ? name : `${above}.${name}`;
  assertType(type, path);
  if (typeof mode !== 'string' || !modes.includes(mode.toUpperCase())) {
    throw new RangeError(
      `field \`${path}\`: mode ${quoted(mode)} is unknown (${modes.join(', ')})`,
    );
  }
  return {
    ...(entry as TableField),
    mode: mode.toUpperCase(),
    ...(Array.isArray(fields)
      ? { fields: fields.map((each: unknown) => fieldOf(each, path)) }
      : {}),
  };
}

function assertType(type: unknown, path: string): void {
  if (typeof type === 'string' && types.includes(typeNameOf(type))) return;
  throw new RangeError(`field \`${path}\`: type ${quoted(type)} is unknown (${types.join(', ')})`);
}

function checked(fields: TableField[]): TableField[] {
  const seen = new Set<string>();
  for (const { name } of fields) {
    const lower = name.toLowerCase();
    if (seen.has(lower)) throw new RangeError(`field \`${lower}\` is there twice`);
    seen.add(lower);
  }
  return fields;
}

function quoted(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
