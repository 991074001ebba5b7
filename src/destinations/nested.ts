import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import { identifier, literal } from './staged-parquet.js';
import { number } from '../shared/counts.js';

/** SQL that is true for a value of a type that must not be; null for a type that has no such values. */
export type Finds = (value: string, type: DuckDBType) => string | null;

/** A kind of value that is looked for. */
export interface Unwanted {
  finds: Finds;
  /** What it is, for a message, as in "column `a` has 3 …". */
  what: string;
}

/** Readers of maps look for a key, and some refuse the whole table. */
export const mapsWithEqualKeys: Unwanted = {
  finds: (value, type) => {
    if (!(type instanceof DuckDBMapType)) return null;
    return `len(map_keys(${value})) <> len(list_distinct(map_keys(${value})))`;
  },
  what: 'rows with a map in which a key stands twice',
};

/** Counts the rows that have such values, in lists, structs and maps too; one text for each column. */
export async function unwantedIn(
  connection: DuckDBConnection,
  rows: string,
  wanted: (name: string, type: DuckDBType) => readonly Unwanted[],
): Promise<string[]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${rows} LIMIT 0`);
  const types = reader.columnTypes();
  const counts = reader.columnNames().flatMap((name, index) => {
    const type = types[index] as DuckDBType;
    return wanted(name, type).flatMap(({ finds, what }) => {
      const found = anywhere(identifier(name), type, finds);
      return found === null ? [] : [{ name, what, sql: `count(*) FILTER (${found})` }];
    });
  });
  if (counts.length === 0) return [];
  const selected = counts.map(({ sql }) => sql).join(', ');
  const [row = []] = (await connection.runAndReadAll(`SELECT ${selected} FROM ${rows}`)).getRows();
  return counts.flatMap(({ name, what }, index) => {
    const count = Number(row[index]);
    return count === 0 ? [] : [`column \`${name}\` has ${number(count)} ${what}`];
  });
}

/** SQL that is true where the value is such a one, or holds one; null if its type has none. */
function anywhere(value: string, type: DuckDBType, finds: Finds, depth = 0): string | null {
  const element = `x${depth}`;
  const inEach = (list: string, of: DuckDBType) => {
    const inner = anywhere(element, of, finds, depth + 1);
    if (inner === null) return null;
    return `list_bool_or(list_transform(${list}, lambda ${element}: ${inner}))`;
  };
  const found = [finds(value, type)];
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    found.push(inEach(value, type.valueType));
  } else if (type instanceof DuckDBMapType) {
    found.push(inEach(`map_values(${value})`, type.valueType));
  } else if (type instanceof DuckDBStructType) {
    type.entryNames.forEach((name, index) => {
      const member = `struct_extract(${value}, ${literal(name)})`;
      found.push(anywhere(member, type.entryTypes[index] as DuckDBType, finds, depth));
    });
  }
  const conditions = found.filter((sql) => sql !== null).map((sql) => `coalesce(${sql}, false)`);
  return conditions.length === 0 ? null : `(${conditions.join(' OR ')})`;
}
