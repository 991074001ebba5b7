import type { Merge, OnSchemaChange, SinkMode } from '../../src/destinations/destination.js';
import type { SourceWindow } from '../../src/shared/run/window.js';
import type { Column, Row, Table, Value } from './rows.js';

/** How a batch is published. */
export interface How {
  mode: SinkMode;
  merge: Merge | null;
  onSchemaChange: OnSchemaChange;
}

/** Why a batch must be refused. */
export type Refusal = 'DataError' | 'ConfigError' | 'NewerCommitted' | 'WindowCommitted';

/**
 * What a table holds after a publish, said as plainly as can be: the rules of docs/incremental-and-merge.md
 * on arrays, without a thought of speed.
 *
 * @param table null if there is none yet
 */
export function publishNaively(table: Table | null, batch: Table, how: How): Table | Refusal {
  const { mode, merge } = how;
  const rows = merge === null ? batch.rows : rowsToMerge(batch, merge);
  if (typeof rows === 'string') return rows;
  if (table === null || mode === 'replace') return { columns: batch.columns, rows };
  const columns = columnsAfter(table, batch, how);
  if (typeof columns === 'string') return columns;
  const kept =
    merge === null ? table.rows : table.rows.filter((row) => !isReplaced(row, rows, merge));
  const complete = (row: Row): Row =>
    Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));
  return { columns, rows: [...kept, ...rows].map(complete) };
}

/** Whether a value is in a window; NULL is in none. */
export function isInWindow(value: Value, window: SourceWindow): boolean {
  if (value === null || !isLess(window.type, value, window.high)) return false;
  if (window.low === null) return true;
  return isLess(window.type, window.low, value) || (window.low_inclusive && window.low === value);
}

function rowsToMerge(batch: Table, { keys, order, window }: Merge): readonly Row[] | Refusal {
  const known = batch.columns.map(({ name }) => name);
  if ([...keys, ...(order ?? [])].some((name) => !known.includes(name))) return 'ConfigError';
  if (batch.rows.some((row) => keys.some((key) => row[key] === null))) return 'DataError';
  if (window !== null) {
    const outside = batch.rows.some((row) => !isInWindow(row[keys[0] ?? ''] ?? null, window));
    return outside ? 'DataError' : batch.rows;
  }
  const chosen: Row[] = [];
  for (const row of batch.rows) {
    const group = batch.rows.filter((other) => haveOneKey(row, other, keys));
    if (group.length > 1 && order === null) return 'DataError';
    const best = group.filter((one) =>
      group.every((other) => compareBy(batch.columns, order ?? [], one, other) >= 0),
    );
    const different = new Set(best.map((one) => JSON.stringify(one)));
    if (different.size > 1) return 'DataError';
    const [winner] = best;
    if (winner && !chosen.some((other) => haveOneKey(winner, other, keys))) chosen.push(winner);
  }
  return chosen;
}

function columnsAfter(
  { columns: there }: Table,
  { columns: brought }: Table,
  { merge, onSchemaChange }: How,
): readonly Column[] | Refusal {
  const typeOf = new Map(there.map(({ name, type }) => [name, type]));
  if (brought.some(({ name, type }) => typeOf.has(name) && typeOf.get(name) !== type)) {
    return 'DataError';
  }
  const added = brought.filter(({ name }) => !typeOf.has(name));
  const isMissing = there.some(({ name }) => !brought.some((column) => column.name === name));
  if (onSchemaChange === 'fail') return added.length > 0 || isMissing ? 'DataError' : there;
  if (added.some(({ name }) => merge?.keys.includes(name))) return 'DataError';
  if (onSchemaChange === 'add_columns') return [...there, ...added];
  return added.length === brought.length ? 'DataError' : there;
}

function isReplaced(row: Row, by: readonly Row[], { keys, window }: Merge): boolean {
  if (window !== null) return isInWindow(row[keys[0] ?? ''] ?? null, window);
  return by.some((other) => haveOneKey(row, other, keys));
}

function haveOneKey(a: Row, b: Row, keys: readonly string[]): boolean {
  return keys.every((key) => a[key] === b[key]);
}

/** The greater row is the later one; NULL is the least. */
function compareBy(columns: readonly Column[], order: readonly string[], a: Row, b: Row): number {
  for (const name of order) {
    const type = columns.find((column) => column.name === name)?.type ?? 'text';
    const [x, y] = [a[name] ?? null, b[name] ?? null];
    if (x === y) continue;
    if (x === null) return -1;
    if (y === null) return 1;
    return isLess(type, x, y) ? -1 : 1;
  }
  return 0;
}

function isLess(type: Column['type'], a: string, b: string): boolean {
  return type === 'integer' ? BigInt(a) < BigInt(b) : a < b;
}
