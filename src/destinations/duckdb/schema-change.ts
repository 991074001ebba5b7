import type { PublishOutlook } from '../destination.js';
import { failure } from '../../shared/failures.js';
import { columnNamed, listed, nameOf, type Column, type Target } from './columns.js';
import { fits } from './type-fit.js';

/** How the rows of a run come into a table that is there. */
export interface ColumnChange {
  /** Columns of the run that are written. */
  written: Column[];
  /** Those of them that the table must be given first. */
  added: Column[];
}

/**
 * What the sink's `on_schema_change` makes of columns that only the table or only the run has.
 * @throws `DataError` for columns that it does not allow, and always for types that would not keep
 *   every value
 */
export function columnChange(
  target: Target,
  table: readonly Column[],
  staged: readonly Column[],
  {
    mode,
    merge,
    onSchemaChange,
    sink,
  }: Pick<PublishOutlook, 'mode' | 'merge' | 'onSchemaChange' | 'sink'>,
): ColumnChange {
  const added = staged.filter(({ name }) => !columnNamed(table, name));
  const missing = table.filter(({ name }) => !columnNamed(staged, name));
  const change: ColumnChange = {
    written:
      onSchemaChange === 'discard' ? staged.filter((one) => !added.includes(one)) : [...staged],
    added: onSchemaChange === 'add_columns' ? added : [],
  };
  const keys = added.filter(({ name }) => merge !== null && isOneOf(name, merge.keys));
  const mayDiffer = onSchemaChange !== 'fail';
  const problems = [
    ...(added.length > 0 && !mayDiffer ? [`the table has no column ${namesOf(added)}`] : []),
    ...(keys.length > 0 && mayDiffer
      ? [`the table has no column ${namesOf(keys)}, a merge key`]
      : []),
    ...(missing.length > 0 && !mayDiffer ? [`the run brings no column ${namesOf(missing)}`] : []),
    ...(change.written.length === 0
      ? ['the table has none of the columns that the run brings']
      : []),
    ...staged.flatMap(({ name, type }) => {
      const into = columnNamed(table, name);
      if (into === undefined || fits(type, into.type)) return [];
      return [`column \`${name}\` is ${type}, which the table's ${into.type} cannot hold exactly`];
    }),
  ];
  if (problems.length === 0) return change;
  throw failure(
    'DataError',
    `${nameOf(target)} cannot be ${mode === 'merge' ? 'merged into' : 'appended to'}: ${problems.join('; ')}. ` +
      'Nothing was written. ' +
      `Rename, select or cast the columns in a transform${mayDiffer ? '' : ', set `on_schema_change`'}, or use \`mode: replace\`.`,
    { step: sink },
  );
}

function namesOf(columns: readonly Column[]): string {
  return listed(columns.map(({ name }) => name));
}

function isOneOf(name: string, keys: readonly string[]): boolean {
  return keys.some((key) => key.toLowerCase() === name.toLowerCase());
}
