import type { TableField } from '../../../gateways/bigquery-service.js';
import type { ManifestSink } from '../../../shared/run/manifest.js';
import { columnTypeOf, stagedTypeOf, type StagedType } from './types.js';

export interface StagedColumn {
  name: string;
  type: StagedType;
  /** As the manifest says. */
  arrow: string;
}

/** The staged columns with what BigQuery can make of them, of those of which it can. */
export function stagedColumns(schema: ManifestSink['schema']): StagedColumn[] {
  return schema.flatMap(({ name, type: arrow }) => {
    const type = stagedTypeOf(arrow);
    return 'refused' in type ? [] : [{ name, type, arrow }];
  });
}

/** The columns of a new table for what is staged. */
export function fieldsFor(columns: readonly StagedColumn[]): TableField[] {
  return columns.map(({ name, type }) => ({ name, type: columnTypeOf(type), mode: 'NULLABLE' }));
}
