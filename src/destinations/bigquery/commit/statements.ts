import type {
  QueryParameter,
  TableField,
  TableResource,
} from '../../../gateways/bigquery-service.js';
import type { CursorType, SourceWindow } from '../../../shared/run/window.js';
import type { PublishRequest } from '../../destination.js';
import type { ColumnPlan } from '../columns/columns.js';
import { logStatements } from './commit-log.js';
import { identifier, sqlName, type TableName } from '../table/table-name.js';
import { sqlTypeOf, typeNameOf } from '../columns/type-fit.js';

/** Types of GoogleSQL that the values of a window are bound as. */
const windowTypes: Record<CursorType, string> = {
  date: 'DATE',
  timestamp: 'DATETIME',
  timestamptz: 'TIMESTAMP',
  integer: 'INT64',
};

/** How a table is divided. */
export type Divided = Pick<
  TableResource,
  'fields' | 'requirePartitionFilter' | 'timePartitioning' | 'rangePartitioning'
>;

/** What a commit is made from. */
export interface CommitInput {
  table: TableName;
  /** The table as it is before. */
  resource: Divided;
  staging: readonly TableName[];
  columns: ColumnPlan;
  request: Pick<PublishRequest, 'mode' | 'merge'>;
}

/**
 * The script of a commit: columns are added first, which may happen twice; rows and log change in
 * one transaction; columns that are gone are removed after it. A transaction holds no DDL:
 * https://cloud.google.com/bigquery/docs/transactions#limitations
 */
export function commitScript(input: CommitInput): string {
  const { table, columns } = input;
  const log = logStatements(table);
  // Columns come and go in one statement: a table takes five changes in ten seconds.
  const before = [
    columns.added
      .map((field) => `ADD COLUMN IF NOT EXISTS ${identifier(field.name)} ${sqlTypeOf(field)}`)
      .join(', '),
    ...columns.widened.map(
      (field) => `ALTER COLUMN ${identifier(field.name)} SET DATA TYPE ${sqlTypeOf(field)}`,
    ),
  ];
  const after = columns.dropped
    .map(({ name }) => `DROP COLUMN IF EXISTS ${identifier(name)}`)
    .join(', ');
  const altered = (changes: string[]) =>
    changes.filter((text) => text !== '').map((text) => `ALTER TABLE ${sqlName(table)} ${text}`);
  return [
    ...(columns.added.length + columns.widened.length > 0
      ? [log.assertAtBase, ...altered(before)]
      : []),
    'BEGIN TRANSACTION',
    log.assertAtBase,
    ...rowStatements(input),
    log.add,
    'COMMIT TRANSACTION',
    ...altered([after]),
  ]
    .map((statement) => `${statement};\n`)
    .join('');
}

/** The parameters that the rows' statements bind, beside the log's. */
export function windowParameters(window: SourceWindow | null | undefined): QueryParameter[] {
  if (window == null) return [];
  const type = windowTypes[window.type];
  return [
    ...(window.low === null ? [] : [{ name: 'low', type, value: boundOf(window, window.low) }]),
    { name: 'high', type, value: boundOf(window, window.high) },
  ];
}

/** The staged rows with the names and types that the table's columns have. */
export function convertedRows(
  staging: readonly TableName[],
  columns: ColumnPlan,
  extra: readonly string[] = [],
): string {
  const values = broughtBy(columns).map(({ field, value }) => {
    const name = identifier(field.name);
    return value === name ? name : `${value} AS ${name}`;
  });
  return `SELECT ${[...values, ...extra].join(', ')} FROM ${stagedRows(staging)}`;
}

/** The columns that the run brings, with GoogleSQL of each one's value in the staged rows. */
function broughtBy({ written }: ColumnPlan): { field: TableField; value: string }[] {
  return written.flatMap(({ field, from }) =>
    from === null ? [] : [{ field, value: from.conversion.value(identifier(from.staged.name)) }],
  );
}

/** The staged rows as they were loaded. */
export function stagedRows(staging: readonly TableName[]): string {
  const selects = staging.map((table) => `SELECT * FROM ${sqlName(table)}`);
  return `(${selects.join(' UNION ALL ')})`;
}

function rowStatements(input: CommitInput): string[] {
  const { table, request } = input;
  switch (request.mode) {
    case 'replace':
      return [`TRUNCATE TABLE ${sqlName(table)}`, insert(input)];
    case 'append':
      return [insert(input)];
    case 'merge': {
      const window = request.merge?.window;
      return window == null ? [merge(input)] : [deleteWindow(input, window), insert(input)];
    }
  }
}

function insert({ table, staging, columns }: CommitInput): string {
  const names = broughtBy(columns).map(({ field }) => identifier(field.name));
  return `INSERT INTO ${sqlName(table)} (${names.join(', ')}) ${convertedRows(staging, columns)}`;
}

function deleteWindow({ table, resource }: CommitInput, window: SourceWindow): string {
  const column = identifier(window.column);
  const conditions = [
    ...(window.low === null ? [] : [`${column} ${window.low_inclusive ? '>=' : '>'} @low`]),
    `${column} < @high`,
    ...partitionFilter(resource),
  ];
  return `DELETE FROM ${sqlName(table)} WHERE ${conditions.join(' AND ')}`;
}

function merge({ table, resource, staging, columns, request }: CommitInput): string {
  const keys = request.merge?.keys ?? [];
  const order = request.merge?.order ?? null;
  const isKey = ({ name }: TableField) => keys.some((key) => isSame(key, name));
  const brought = broughtBy(columns).map(({ field }) => field);
  const on = [
    ...brought
      .filter(isKey)
      .map(({ name }) => `target.${identifier(name)} = staged.${identifier(name)}`),
    ...partitionFilter(resource, 'target.'),
  ];
  const sets = columns.written
    .filter(({ field }) => !isKey(field))
    .map(({ field, from }) => {
      const name = identifier(field.name);
      if (from !== null) return `${name} = staged.${name}`;
      return `${name} = ${field.mode === 'REPEATED' ? '[]' : 'NULL'}`;
    });
  const names = brought.map(({ name }) => identifier(name));
  return [
    `MERGE INTO ${sqlName(table)} AS target`,
    `USING (${order === null ? convertedRows(staging, columns) : lastOfEachKey(staging, columns, keys, order)}) AS staged`,
    `ON ${on.join(' AND ')}`,
    ...(sets.length === 0 ? [] : [`WHEN MATCHED THEN UPDATE SET ${sets.join(', ')}`]),
    `WHEN NOT MATCHED THEN INSERT (${names.join(', ')})`,
    `VALUES (${names.map((name) => `staged.${name}`).join(', ')})`,
  ].join('\n');
}

/** Of rows with one key the one with the greatest values of `order`; NULL is the least. */
function lastOfEachKey(
  staging: readonly TableName[],
  columns: ColumnPlan,
  keys: readonly string[],
  order: readonly string[],
): string {
  const keyValues = keyColumns(columns, keys).map(({ value }) => value);
  const greatest = order.map((name) => `${identifier(name)} DESC NULLS LAST`);
  const rank = `ROW_NUMBER() OVER (PARTITION BY ${keyValues.join(', ')} ORDER BY ${greatest.join(', ')}) AS _beamline_rank`;
  const names = broughtBy(columns).map(({ field }) => identifier(field.name));
  return `SELECT ${names.join(', ')} FROM (${convertedRows(staging, columns, [rank])}) WHERE _beamline_rank = 1`;
}

/** The columns of a merge's keys, with GoogleSQL of each one's value in the staged rows. */
export function keyColumns(
  columns: ColumnPlan,
  keys: readonly string[],
): { field: TableField; value: string }[] {
  return broughtBy(columns).filter(({ field }) => keys.some((key) => isSame(key, field.name)));
}

/** GoogleSQL of the least value of each type that a table can be divided by. */
const leastValues: Record<string, string> = {
  DATE: "DATE '0001-01-01'",
  DATETIME: "DATETIME '0001-01-01 00:00:00'",
  TIMESTAMP: "TIMESTAMP '0001-01-01 00:00:00+00'",
  INT64: '-9223372036854775808',
};

/**
 * Names the partitions, all of them, where the table asks for it:
 * https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require-filter
 */
export function partitionFilter(resource: Divided, qualifier = ''): string[] {
  const { requirePartitionFilter, timePartitioning, rangePartitioning } = resource;
  if (!requirePartitionFilter) return [];
  const column = timePartitioning?.field ?? rangePartitioning ?? '_PARTITIONTIME';
  const field = resource.fields.find(({ name }) => isSame(name, column));
  const least = leastValues[typeNameOf(field?.type ?? 'TIMESTAMP')] ?? leastValues['TIMESTAMP'];
  const name = `${qualifier}${identifier(column)}`;
  return [`(${name} >= ${least} OR ${name} IS NULL)`];
}

/** The REST API writes an instant with a space and its zone, and a DATETIME with a `T`. */
function boundOf({ type }: SourceWindow, value: string): string {
  return type === 'timestamptz' ? value.replace('T', ' ').replace('Z', '+00:00') : value;
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
