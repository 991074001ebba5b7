import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTypeId,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import { identifier, literal } from '../staged-parquet.js';
import type { Layout } from './records.js';

const { TINYINT, SMALLINT, INTEGER, BIGINT, HUGEINT } = DuckDBTypeId;
const { UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT } = DuckDBTypeId;
const signed: DuckDBTypeId[] = [TINYINT, SMALLINT, INTEGER, BIGINT, HUGEINT];
const unsigned: DuckDBTypeId[] = [UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT];
/** Types whose text is a JSON value as it is. */
const digits = new Set([...signed, ...unsigned, DuckDBTypeId.DECIMAL, DuckDBTypeId.BOOLEAN]);
const floats = new Set([DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE]);
const timestamps = new Set([
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
]);
const nested = new Set([
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
]);

/**
 * The columns to select for a COPY: as they are for Parquet, in unambiguous text for CSV, and one
 * JSON document for JSON Lines; partition columns beside them.
 *
 * @param left columns to leave out
 */
export async function projection(
  connection: DuckDBConnection,
  { format, partition_by }: Layout,
  staged: string,
  left: readonly string[],
): Promise<string> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${staged} LIMIT 0`);
  const types = reader.columnTypes();
  const columns = reader
    .columnNames()
    .map((name, index) => ({ name, type: types[index] as DuckDBType }))
    .filter(({ name }) => !left.includes(name));
  if (format === 'parquet') return columns.map(({ name }) => identifier(name)).join(', ');
  if (format === 'csv') {
    return columns
      .map(({ name, type }) => `${csvText(identifier(name), type)} AS ${identifier(name)}`)
      .join(', ');
  }
  const inDocument = columns.filter(({ name }) => !partition_by.includes(name));
  const beside = partition_by.filter((name) => !left.includes(name)).map(identifier);
  let line = 'line';
  while (partition_by.some((name) => name.toLowerCase() === line)) line += '_';
  return [`${jsonObject(inDocument.map(field))} AS ${line}`, ...beside].join(', ');
}

/** SQL for a value's text in CSV; NULL stays NULL. */
function csvText(value: string, type: DuckDBType): string {
  return nested.has(type.typeId) ? jsonText(value, type) : plainText(value, type);
}

/**
 * SQL for a value's JSON text; NULL stays NULL. Not `to_json`: it would write NaN bare, turn the
 * numbers inside a JSON column into doubles, and a timestamp without a zone.
 */
function jsonText(value: string, type: DuckDBType, depth = 0): string {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const element = `e${depth}`;
    return jsonList(value, element, orNull(jsonText(element, type.valueType, depth + 1)));
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, index) => ({
      name,
      text: jsonText(
        `struct_extract(${value}, ${literal(name)})`,
        type.entryTypes[index] as DuckDBType,
        depth,
      ),
    }));
    return `CASE WHEN ${value} IS NOT NULL THEN ${jsonObject(fields)} END`;
  }
  if (type instanceof DuckDBMapType) {
    const entry = `e${depth}`;
    const key = jsonText(`${entry}.key`, type.keyType, depth + 1);
    const item = orNull(jsonText(`${entry}.value`, type.valueType, depth + 1));
    // Names in JSON are texts: a map with other keys is a list of pairs.
    const isObject = type.keyType.typeId === DuckDBTypeId.VARCHAR;
    const text = isObject ? `${key} || ':' || ${item}` : `'[' || ${key} || ',' || ${item} || ']'`;
    return jsonList(`map_entries(${value})`, entry, text, isObject ? '{}' : '[]');
  }
  const text = plainText(value, type);
  if (digits.has(type.typeId)) return text;
  if (floats.has(type.typeId)) {
    return `CASE WHEN isfinite(${value}) THEN ${text} ELSE '"' || ${text} || '"' END`;
  }
  if (type.typeId !== DuckDBTypeId.VARCHAR) return `'"' || ${text} || '"'`;
  // A line end between the tokens of a JSON column would end the line.
  if (type.alias === 'JSON') return `translate(${text}, chr(10) || chr(13), '  ')`;
  return `CAST(to_json(${text}) AS VARCHAR)`;
}

/** SQL for the text of a value that is no list, struct or map. */
function plainText(value: string, { typeId }: DuckDBType): string {
  if (typeId === DuckDBTypeId.BLOB) return `base64(${value})`;
  if (typeId === DuckDBTypeId.DATE) return calendarText(value, '');
  if (typeId === DuckDBTypeId.TIMESTAMP_TZ) {
    return calendarText(`(${value} AT TIME ZONE 'UTC')`, 'T%H:%M:%S.%fZ');
  }
  if (typeId === DuckDBTypeId.TIMESTAMP_NS) return calendarText(value, 'T%H:%M:%S.%n');
  if (timestamps.has(typeId)) return calendarText(value, 'T%H:%M:%S.%f');
  if (floats.has(typeId)) {
    return `CASE WHEN isnan(${value}) THEN 'NaN' WHEN isinf(${value})
      THEN CASE WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END
      ELSE CAST(${value} AS VARCHAR) END`;
  }
  return `CAST(${value} AS VARCHAR)`;
}

/**
 * A day as ISO 8601 writes it: the year before 1 is 0000, the one before -0001. DuckDB would write these in two
 * ways, `0044-03-15 (BC)` and `-43-03-15`. Infinity is a word of its own.
 */
function calendarText(value: string, time: string): string {
  const early = `'-' || printf('%04d', -year(${value})) || strftime(${value}, '-%m-%d${time}')`;
  const isEarly = `isfinite(${value}) AND year(${value}) < 0`;
  return `CASE WHEN ${isEarly} THEN ${early} ELSE strftime(${value}, '%Y-%m-%d${time}') END`;
}

function field({ name, type }: { name: string; type: DuckDBType }) {
  return { name, text: jsonText(identifier(name), type) };
}

function jsonObject(fields: { name: string; text: string }[]): string {
  const members = fields.map(
    ({ name, text }, index) =>
      `${literal(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`)}, ${orNull(text)}`,
  );
  // Not `a || b || c …`: that is nested once for each column, and DuckDB takes 1,000 of them.
  return `concat(${["'{'", ...members, "'}'"].join(', ')})`;
}

function jsonList(list: string, element: string, text: string, [open, close] = '[]'): string {
  // array_to_string leaves NULLs out: `text` is never NULL.
  return `'${open}' || array_to_string(list_transform(${list}, lambda ${element}: ${text}), ',') || '${close}'`;
}

function orNull(text: string): string {
  return `coalesce(${text}, 'null')`;
}
