import type { TableField } from '../../../gateways/bigquery-service.js';
import type { Digits, StagedKind, StagedType } from './types.js';

/** How a staged column becomes the value of a table's column. */
export interface Conversion {
  /** GoogleSQL of the value, from that of the staged column. */
  value: (column: string) => string;
  /** GoogleSQL that is NULL where a text cannot be converted; without it, every value can. */
  safe?: (column: string) => string;
  /** GoogleSQL that is true where a text would be converted, and something in it would go. */
  loses?: (column: string) => string;
}

const same: Conversion = { value: (column) => column };
const uuidText: Conversion = {
  value: (column) =>
    `REGEXP_REPLACE(TO_HEX(${column}), r'^(.{8})(.{4})(.{4})(.{4})(.{12})$', r'\\1-\\2-\\3-\\4-\\5')`,
};
const parsed: Conversion = {
  value: (column) => `PARSE_JSON(${column})`,
  safe: (column) => `SAFE.PARSE_JSON(${column})`,
  loses: (column) => `${keysIn(column)} > ${keysIn(`TO_JSON_STRING(SAFE.PARSE_JSON(${column}))`)}`,
};

/** Types that a text is read as, or refused: none of them rounds or shifts what it says. */
const readable = new Set(['INT64', 'BOOL', 'DATE', 'TIME', 'DATETIME']);
const printable = new Set<StagedKind>([
  'BOOL',
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'BIGNUMERIC',
  'DATE',
  'TIME',
  'DATETIME',
  'TIMESTAMP',
]);

/**
 * How a staged column fits a column of a table without changing a value; null if it does not.
 * BigQuery itself would round decimals, and read a timestamp without a zone as UTC.
 */
export function conversionOf(staged: StagedType, field: TableField): Conversion | null {
  if (field.mode === 'REPEATED') return null;
  const { kind, digits } = staged;
  const type = typeNameOf(field.type);
  if (type === 'JSON') {
    return kind === 'JSON' || kind === 'STRING' ? parsed : null;
  }
  if (type === 'STRING') {
    if (kind === 'UUID') return uuidText;
    if (kind === 'STRING' || kind === 'JSON') return same;
    return printable.has(kind) ? cast('STRING') : null;
  }
  if (type === 'BYTES') return kind === 'BYTES' || kind === 'UUID' ? same : null;
  if (kind === 'STRING') return readable.has(type) ? readAs(type) : null;
  if (digits !== undefined) return numberInto(kind, digits, type, field);
  if (kind === type) return same;
  return kind === 'DATE' && type === 'DATETIME' ? cast('DATETIME') : null;
}

/** GoogleSQL's name of a type that a schema may also call by its older name. */
export function typeNameOf(type: string): string {
  const name = type.toUpperCase();
  return aliases[name] ?? name;
}

const aliases: Record<string, string> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
};

/** The type as GoogleSQL writes it, with its parameters. */
export function sqlTypeOf(field: TableField): string {
  const name = typeNameOf(field.type);
  if (field.precision === undefined) return name;
  const scale = field.scale === undefined ? '' : `, ${field.scale}`;
  return `${name}(${field.precision}${scale})`;
}

/** Whether the service can change a column's type in place, and keeps every value exactly. */
export function widens(from: TableField, to: TableField): boolean {
  const order = ['INT64', 'NUMERIC', 'BIGNUMERIC'];
  const [old, wanted] = [typeNameOf(from.type), typeNameOf(to.type)].map((type) =>
    order.indexOf(type),
  );
  if (old === undefined || wanted === undefined || from.precision !== undefined) return false;
  return old >= 0 && old < wanted && to.precision === undefined;
}

function numberInto(
  kind: StagedKind,
  { whole, scale }: Digits,
  type: string,
  field: TableField,
): Conversion | null {
  if (type === 'INT64') {
    if (kind === 'INT64') return same;
    return scale === 0 && whole <= 18 ? cast(type) : null;
  }
  if (type === 'FLOAT64') return scale === 0 && whole <= 15 ? cast(type) : null;
  if (type !== 'NUMERIC' && type !== 'BIGNUMERIC') return null;
  const room = roomOf(type, field);
  if (whole > room.whole || scale > room.scale) return null;
  return kind === type ? same : cast(type);
}

/** `NUMERIC(p)` has no digits after the point. */
function roomOf(type: 'NUMERIC' | 'BIGNUMERIC', { precision, scale }: TableField): Digits {
  if (precision === undefined) {
    return type === 'NUMERIC' ? { whole: 29, scale: 9 } : { whole: 38, scale: 38 };
  }
  return { whole: Number(precision) - Number(scale ?? 0), scale: Number(scale ?? 0) };
}

/**
 * How many keys the objects of a JSON text have: behind each stands a colon, and no other is outside of a
 * string. PARSE_JSON keeps the first of equal keys and says nothing:
 * https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json
 */
function keysIn(json: string): string {
  const colons = `REGEXP_REPLACE(REGEXP_REPLACE(${json}, r'"(?:[^"\\\\]|\\\\.)*"', ''), r'[^:]', '')`;
  return `CHAR_LENGTH(${colons})`;
}

function cast(type: string): Conversion {
  return { value: (column) => `CAST(${column} AS ${type})` };
}

function readAs(type: string): Conversion {
  return { ...cast(type), safe: (column) => `SAFE_CAST(${column} AS ${type})` };
}
