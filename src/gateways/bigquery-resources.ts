import type {
  JobConfiguration,
  JobReference,
  LoadConfiguration,
  NewTable,
  QueryParameter,
  TableField,
  TableResource,
  TimePartitioning,
} from './bigquery-service.js';

/** A resource of the REST API: https://cloud.google.com/bigquery/docs/reference/rest */
export type Json = Record<string, unknown>;

/** A text or a number of a resource; empty if it is neither. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function tableOf(resource: Json): TableResource {
  const { schema, clustering } = resource as {
    schema?: { fields?: TableField[] };
    clustering?: { fields?: string[] };
  };
  const partitioning = (resource['timePartitioning'] ?? null) as
    (TimePartitioning & { requirePartitionFilter?: boolean }) | null;
  return {
    type: textOf(resource['type']) || 'TABLE',
    fields: schema?.fields ?? [],
    rows: Number(resource['numRows'] ?? 0),
    bytes: Number(resource['numBytes'] ?? 0),
    timePartitioning: partitioning,
    rangePartitioning:
      (resource['rangePartitioning'] as { field?: string } | undefined)?.field ?? null,
    clustering: clustering?.fields ?? [],
    requirePartitionFilter:
      resource['requirePartitionFilter'] === true || partitioning?.requirePartitionFilter === true,
    creationTime: textOf(resource['creationTime']),
  };
}

export function tableBody(tableReference: Json, table: NewTable): Json {
  const { fields, description, labels, timePartitioning, clustering } = table;
  return {
    tableReference,
    schema: { fields },
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
    ...(timePartitioning === undefined ? {} : { timePartitioning }),
    ...(clustering === undefined ? {} : { clustering: { fields: clustering } }),
    ...(table.requirePartitionFilter === true ? { requirePartitionFilter: true } : {}),
    ...(table.expiresInMs === undefined
      ? {}
      : { expirationTime: String(Date.now() + table.expiresInMs) }),
  };
}

export function jobBody(
  projectId: string,
  { jobId, location }: JobReference,
  { labels, work }: JobConfiguration,
): Json {
  const configuration: Json =
    work.kind === 'query'
      ? { query: { query: work.sql, useLegacySql: false, ...queryParameters(work.parameters) } }
      : { load: { ...loadBody(projectId, work.load), sourceUris: work.uris } };
  return {
    jobReference: { projectId, jobId, location },
    configuration: { labels, ...configuration },
  };
}

/** Decimals go into the type that the schema names. */
export function loadBody(projectId: string, { table, fields }: LoadConfiguration): Json {
  return {
    destinationTable: { projectId, datasetId: table.dataset, tableId: table.table },
    schema: { fields },
    sourceFormat: 'PARQUET',
    writeDisposition: 'WRITE_TRUNCATE',
    createDisposition: 'CREATE_IF_NEEDED',
    decimalTargetTypes: ['NUMERIC', 'BIGNUMERIC'],
  };
}

export function queryParameters(parameters: readonly QueryParameter[]): Json {
  if (parameters.length === 0) return {};
  return {
    parameterMode: 'NAMED',
    queryParameters: parameters.map(({ name, type, value }) => ({
      name,
      parameterType: { type },
      parameterValue: { value },
    })),
  };
}
