import type { TableField } from '../../../gateways/bigquery-service.js';
import { failure } from '../../../shared/failures.js';
import type { OnSchemaChange, SinkMode } from '../../destination.js';
import { fieldsFor, type StagedColumn } from './staged-columns.js';
import { conversionOf, sqlTypeOf, widens, type Conversion } from './type-fit.js';

/** How the staged columns go into the table, and what becomes of the table's own. */
export interface ColumnPlan {
  /** Every column of the table after the commit that is written; null writes NULL. */
  written: { field: TableField; from: { staged: StagedColumn; conversion: Conversion } | null }[];
  added: TableField[];
  widened: TableField[];
  /** Removed after the commit, which made them NULL. */
  dropped: TableField[];
}

/** What is decided from. */
export interface ColumnInput {
  /** The table, as a person would name it. */
  place: string;
  step: string;
  mode: SinkMode;
  onSchemaChange: OnSchemaChange;
  staged: readonly StagedColumn[];
  /** What the table has; null if it is not there yet. */
  table: readonly TableField[] | null;
  /** What the config asks for; null for what is staged. */
  wanted: readonly TableField[] | null;
  /** Columns that the service does not let go: the table is divided by them. */
  fixed: readonly string[];
}

/**
 * Decides about every column, by name in upper or lower case.
 * @throws `DataError` naming every column that does not fit
 */
export function planColumns(input: ColumnInput): ColumnPlan {
  const { place, step, mode, onSchemaChange, staged, table, wanted } = input;
  const asked = wanted ?? fieldsFor(staged);
  const base = table ?? asked;
  const brought = byName(staged);
  const extra = missingIn(base, asked);
  const isGrowing = mode === 'replace' || onSchemaChange === 'add_columns';
  const added = isGrowing ? extra : [];
  const dropped = mode === 'replace' ? missingIn(asked, base).filter(isDroppable(input)) : [];

  const problems: string[] = [];
  if (!isGrowing && onSchemaChange === 'fail' && extra.length > 0) {
    problems.push(`the table has no column ${listed(extra)}`);
  }
  const unknown = onSchemaChange === 'discard' ? null : unknownTo(asked, staged);
  if (unknown !== null) problems.push(unknown);
  const kept = [...base.filter((field) => !dropped.includes(field)), ...added];
  const absent = missingIn(staged, kept);
  const unfilled =
    mode !== 'replace' && onSchemaChange === 'fail'
      ? absent
      : absent.filter((field) => field.mode === 'REQUIRED');
  if (unfilled.length > 0) problems.push(`the run brings no column ${listed(unfilled)}`);

  const wishes = byName(asked);
  const widened: TableField[] = [];
  const written = kept.map((field): ColumnPlan['written'][number] => {
    const column = brought.get(field.name.toLowerCase());
    if (column === undefined) return { field, from: null };
    const wish = wishes.get(field.name.toLowerCase()) ?? field;
    const isWider = mode === 'replace' && widens(field, wish);
    const into = isWider ? { ...field, type: wish.type } : field;
    if (isWider) widened.push(into);
    else if (wanted !== null && sqlTypeOf(wish) !== sqlTypeOf(field)) {
      problems.push(
        `column \`${field.name}\` is ${sqlTypeOf(field)} in the table and ${sqlTypeOf(wish)} in the schema`,
      );
    }
    const conversion = conversionOf(column.type, into);
    if (conversion !== null) return { field: into, from: { staged: column, conversion } };
    problems.push(misfit(column, into, table === null ? 'the schema' : 'the table'));
    return { field, from: null };
  });
  if (problems.length === 0) return { written, added, widened, dropped };
  throw failure(
    'DataError',
    `${place} cannot take the columns: ${problems.join('; ')}. Nothing was written. ${adviceFor(input)}`,
    { step },
  );
}

/** What is staged and no column of a schema; null if all of it is. */
export function unknownTo(
  schema: readonly { name: string }[],
  staged: readonly { name: string }[],
): string | null {
  const unknown = missingIn(schema, staged);
  return unknown.length === 0 ? null : `the schema has no column ${listed(unknown)}`;
}

/** What is staged and cannot be kept exactly in the schema's column of that name. */
export function misfits(schema: readonly TableField[], staged: readonly StagedColumn[]): string[] {
  const wishes = byName(schema);
  return staged.flatMap((column) => {
    const wish = wishes.get(column.name.toLowerCase());
    if (wish === undefined || conversionOf(column.type, wish) !== null) return [];
    return [misfit(column, wish, 'the schema')];
  });
}

/** A REQUIRED column cannot be NULL until it is dropped. */
function isDroppable({ fixed }: ColumnInput): (field: TableField) => boolean {
  return ({ name, mode }) =>
    mode !== 'REQUIRED' && !fixed.some((other) => other.toLowerCase() === name.toLowerCase());
}

/** Those of `columns` that `others` has not. */
function missingIn<T extends { name: string }>(
  others: readonly { name: string }[],
  columns: readonly T[],
): T[] {
  const known = byName(others);
  return columns.filter(({ name }) => !known.has(name.toLowerCase()));
}

function misfit({ name, arrow, type }: StagedColumn, into: TableField, owner: string): string {
  const repeated = into.mode === 'REPEATED' ? 'repeated ' : '';
  const hint =
    sqlTypeOf(into) === 'TIMESTAMP' && ['STRING', 'DATE', 'DATETIME'].includes(type.kind)
      ? ' (it names no time zone: say which in a transform)'
      : '';
  return `column \`${name}\` is ${arrow}, which ${owner}'s ${repeated}${sqlTypeOf(into)} cannot hold exactly${hint}`;
}

function adviceFor({ mode, onSchemaChange }: ColumnInput): string {
  if (mode === 'replace') {
    return 'Cast the columns in a transform, or drop the table, which loses its policies, and run again.';
  }
  const change = 'Rename, select or cast the columns in a transform';
  return onSchemaChange === 'fail'
    ? `${change}, or use \`on_schema_change\`: add_columns or discard.`
    : `${change}.`;
}

function byName<T extends { name: string }>(columns: readonly T[]): Map<string, T> {
  return new Map(columns.map((column) => [column.name.toLowerCase(), column]));
}

function listed(columns: readonly { name: string }[]): string {
  return columns.map(({ name }) => `\`${name}\``).join(', ');
}
