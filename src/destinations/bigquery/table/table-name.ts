import type { TableReference } from '../../../gateways/bigquery-service.js';

/** A table with its project. */
export interface TableName extends TableReference {
  project: string;
}

/**
 * Ids of projects, with or without a domain, of datasets and of tables:
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects,
 * https://cloud.google.com/bigquery/docs/datasets#dataset-naming,
 * https://cloud.google.com/bigquery/docs/tables#table_naming.
 */
const pattern =
  /^((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]+)[:.]([A-Za-z0-9_]{1,1024})\.([\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]{1,1024})$/u;

/** Why a text names no table that can be written; null if it does. */
export function tableNameProblem(text: string): string | null {
  const decorator = /\$\w*$/.exec(text);
  if (decorator) {
    return (
      `names a partition (\`${decorator[0]}\`); a sink writes a table, whose partitions follow from ` +
      '`partitioning_field`: leave it out'
    );
  }
  if (!pattern.test(text)) return 'must be `project:dataset.table` or `project.dataset.table`';
  return /\._beamline_/.test(text)
    ? "must not begin with `_beamline_`, which is Beamline's own"
    : null;
}

/** @throws `RangeError` for what has a {@link tableNameProblem} */
export function parseTableName(text: string): TableName {
  const [, project, dataset, table] = pattern.exec(text) ?? [];
  if (project === undefined || dataset === undefined || table === undefined) {
    throw new RangeError(`\`${text}\` is no name of a table`);
  }
  return { project, dataset, table };
}

/** As a person writes it. */
export function plainName({ project, dataset, table }: TableName): string {
  return `${project}.${dataset}.${table}`;
}

/** As GoogleSQL quotes it. */
export function sqlName({ project, dataset, table }: TableName): string {
  return [project, dataset, table].map(identifier).join('.');
}

/** Quotes a name for GoogleSQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}
