import type { TableField } from '../../gateways/bigquery-service.js';
import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/manifest.js';
import type { OnSchemaChange, SinkMode } from '../destination.js';
import { conversionOf, sqlTypeOf, widens, type Conversion } from './type-fit.js';
import { columnTypeOf, stagedTypeOf, type StagedType } from './types.js';

export interface StagedColumn {
  name: string;
  type: StagedType;
  /** As the manifest says. */
  arrow: string;
}

/** How the staged columns go into the table, and what becomes of the table's own. */
export interface ColumnPlan {
  /** Every column of the table after the commit that is written; null writes NULL. */
  written: { field: TableField; from: { staged: StagedColumn; conversion: Conversion } | null }[];
  added: TableField[];
  widened: TableField[];
  /** Removed after the commit, which made them NULL. */
  dropped: TableField[];
}

/**
 * Names that a load job of Parquet takes without more ado; some are the service's own:
 * https://cloud.google.com/bigquery/docs/schemas#column_names.
 */
const loadable =
  /^(?!_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER)[A-Za-z_]\w{0,299}$/i;

/**
 * The staged columns with what BigQuery can make of them.
 * @throws `DataError` naming each that it cannot keep exactly
 */
export function stagedColumns(schema: ManifestSink['schema'], step: string): StagedColumn[] {
  const wrong: string[] = [];
  const seen = new Map<string, string>();
  const columns: StagedColumn[] = [];
  for (const { name, type: arrow } of schema) {
    const type = stagedTypeOf(arrow);
    if ('refused' in type) wrong.push(`column \`${name}\` is ${arrow}: ${type.refused}`);
    else columns.push({ name, type, arrow });
    const same = seen.get(name.toLowerCase());
    if (same !== undefined) {
      wrong.push(`columns \`${same}\` and \`${name}\` differ only in upper and lower case`);
    }
    seen.set(name.toLowerCase(), name);
    if (!loadable.test(name)) {
      wrong.push(
        `a load job does not take the name \`${name}\` (letters, digits, _; no digit first)`,
      );
    }
  }
  if (wrong.length === 0) return columns;
  throw failure(
    'DataError',
    `${step} cannot be written exactly: ${wrong.join('; ')}. Nothing was published. ` +
      'Cast or rename in a transform.',
    { step },
  );
}

/** The columns of a new table for what is staged. */
export function fieldsFor(columns: readonly StagedColumn[]): TableField[] {
  return columns.map(({ name, type }) => ({ name, type: columnTypeOf(type), mode: 'NULLABLE' }));
}

/**
 * Decides about every column, by name in upper or lower case.
 * @param table what the table has; null if it is not there yet
 * @param wanted what the config asks for; null for what is staged
 * @throws `DataError` naming every column that does not fit
 */
export function planColumns({
  place,
  step,
  mode,
  onSchemaChange,
  staged,
  table,
  wanted,
  fixed,
}: {
  place: string;
  step: string;
  mode: SinkMode;
  onSchemaChange: OnSchemaChange;
  staged: readonly StagedColumn[];
  table: readonly TableField[] | null;
  wanted: readonly TableField[] | null;
  /** Columns that the service does not let go: the table is divided by them. */
  fixed: readonly string[];
}): ColumnPlan {
  const asked = wanted ?? fieldsFor(staged);
  const base = table ?? asked;
  const [inBase, inAsked] = [byName(base), byName(asked)];
  const brought = byName(staged);
  const extra = asked.filter(({ name }) => !inBase.has(name.toLowerCase()));
  const gone = base.filter(({ name }) => !inAsked.has(name.toLowerCase()));
  const problems: string[] = [];

  const grows = mode === 'replace' || onSchemaChange === 'add_columns';
  const added = grows ? extra : [];
  if (!grows && onSchemaChange === 'fail' && extra.length > 0) {
    problems.push(`the table has no column ${listed(extra)}`);
  }
  const unknown =
    wanted === null ? [] : staged.filter(({ name }) => !inAsked.has(name.toLowerCase()));
  if (unknown.length > 0 && onSchemaChange !== 'discard') {
    problems.push(`the schema has no column ${listed(unknown)}`);
  }
  // A REQUIRED column cannot be NULL until it is dropped.
  const dropped =
    mode === 'replace'
      ? gone.filter(
          ({ name, mode: needed }) =>
            needed !== 'REQUIRED' && !fixed.some((other) => isSame(other, name)),
        )
      : [];
  const kept = [...base.filter((field) => !dropped.includes(field)), ...added];
  const widened: TableField[] = [];
  const written = kept.map((field): ColumnPlan['written'][number] => {
    const column = brought.get(field.name.toLowerCase());
    if (column === undefined) return { field, from: null };
    const ask = inAsked.get(field.name.toLowerCase());
    let into = field;
    if (ask !== undefined && mode === 'replace' && widens(field, ask)) {
      into = { ...field, type: ask.type };
      widened.push(into);
    } else if (wanted !== null && ask !== undefined && sqlTypeOf(ask) !== sqlTypeOf(field)) {
      problems.push(
        `column \`${field.name}\` is ${sqlTypeOf(field)} in the table and ${sqlTypeOf(ask)} in the schema`,
      );
    }
    const conversion = conversionOf(column.type, into);
    if (conversion !== null) return { field: into, from: { staged: column, conversion } };
    problems.push(misfit(column, into, table === null ? 'the schema' : 'the table'));
    return { field, from: null };
  });
  const absent = written.filter(
    ({ field, from }) => from === null && !brought.has(field.name.toLowerCase()),
  );
  const required = absent.filter(({ field }) => field.mode === 'REQUIRED');
  const unfilled = mode !== 'replace' && onSchemaChange === 'fail' ? absent : required;
  if (unfilled.length > 0) {
    problems.push(`the run brings no column ${listed(unfilled.map(({ field }) => field))}`);
  }
  if (problems.length === 0) return { written, added, widened, dropped };
  throw failure(
    'DataError',
    `${place} cannot take the columns: ${problems.join('; ')}. Nothing was published. ${adviceFor(mode)}`,
    { step },
  );
}

function misfit({ name, arrow, type }: StagedColumn, into: TableField, owner: string): string {
  const repeated = into.mode === 'REPEATED' ? 'repeated ' : '';
  const hint =
    sqlTypeOf(into) === 'TIMESTAMP' && ['STRING', 'DATE', 'DATETIME'].includes(type.kind)
      ? ' (it names no time zone: say which in a transform)'
      : '';
  return `column \`${name}\` is ${arrow}, which ${owner}'s ${repeated}${sqlTypeOf(into)} cannot hold exactly${hint}`;
}

function adviceFor(mode: SinkMode): string {
  return mode === 'replace'
    ? 'Cast the columns in a transform, or drop the table, which loses its policies, and run again.'
    : 'Rename, select or cast the columns in a transform, or use `on_schema_change`: add_columns or discard.';
}

function byName<T extends { name: string }>(columns: readonly T[]): Map<string, T> {
  return new Map(columns.map((column) => [column.name.toLowerCase(), column]));
}

function listed(columns: readonly { name: string }[]): string {
  return columns.map(({ name }) => `\`${name}\``).join(', ');
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
