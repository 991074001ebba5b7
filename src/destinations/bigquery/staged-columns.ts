import type { TableField } from '../../gateways/bigquery-service.js';
import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/manifest.js';
import { mostColumns } from './limits.js';
import { columnTypeOf, stagedTypeOf, type StagedType } from './types.js';

export interface StagedColumn {
  name: string;
  type: StagedType;
  /** As the manifest says. */
  arrow: string;
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
  if (schema.length > mostColumns) {
    throw failure(
      'DataError',
      `${step} has ${schema.length} columns, and a table of BigQuery has ${mostColumns} at most. ` +
        'Nothing was written. Leave some out in a transform, or put them into one column of JSON.',
      { step },
    );
  }
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
    `${step} cannot be written exactly: ${wrong.join('; ')}. Nothing was written. ` +
      'Cast or rename in a transform.',
    { step },
  );
}

/** The columns of a new table for what is staged. */
export function fieldsFor(columns: readonly StagedColumn[]): TableField[] {
  return columns.map(({ name, type }) => ({ name, type: columnTypeOf(type), mode: 'NULLABLE' }));
}
