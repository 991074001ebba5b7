import { failure } from '../shared/failures.js';
import type { CursorType, SourceWindow } from '../shared/run/window.js';
import { identifier } from './staged-parquet.js';

const integers = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/** The type of a cursor that DuckDB holds in a column of `type`; undefined if it is none. */
export function cursorTypeOf(type: string): CursorType | undefined {
  if (type === 'DATE') return 'date';
  // Not TIMESTAMP_NS: a cursor has microseconds.
  if (/^TIMESTAMP(_S|_MS)?$/.test(type)) return 'timestamp';
  if (type === 'TIMESTAMP WITH TIME ZONE') return 'timestamptz';
  return integers.test(type) ? 'integer' : undefined;
}

/** @throws `ConfigError` naming the column and its type */
export function assertCursorType(column: string, type: string, place: string): CursorType {
  const found = cursorTypeOf(type);
  if (found !== undefined) return found;
  throw failure(
    'ConfigError',
    `${place}: column \`${column}\` is ${type}, which no window can be read by. Use a column that is ` +
      'a date, a timestamp of at most microseconds or a whole number.',
  );
}

/** An expression of the greatest value of a column, as the text of a cursor; NULL if there is none. */
export function greatestCursor(column: string, type: CursorType): string {
  const name = identifier(column);
  switch (type) {
    case 'date':
      return `strftime(max(${name}) FILTER (isfinite(${name})), '%Y-%m-%d')`;
    case 'timestamp':
      return `strftime(max(CAST(${name} AS TIMESTAMP)) FILTER (isfinite(${name})), '%Y-%m-%dT%H:%M:%S.%f')`;
    case 'timestamptz':
      return `strftime(max(${name}) FILTER (isfinite(${name})) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`;
    case 'integer':
      return `CAST(max(${name}) AS VARCHAR)`;
  }
}

/** A condition on rows, and the values that it binds. */
export interface Condition {
  sql: string;
  values: Record<string, string>;
}

/** True for the rows whose column is in the window. */
export function inWindow(column: string, { type, ...window }: SourceWindow): Condition {
  const { low, low_inclusive, high } = window;
  const name = identifier(column);
  const typed = (parameter: string) => `CAST($${parameter} AS ${sqlTypes[type]})`;
  const below = `${name} < ${typed('high')}`;
  if (low === null) return { sql: below, values: { high } };
  const above = `${name} ${low_inclusive ? '>=' : '>'} ${typed('low')}`;
  return { sql: `${above} AND ${below}`, values: { low, high } };
}

const sqlTypes: Record<CursorType, string> = {
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMPTZ',
  integer: 'HUGEINT',
};
