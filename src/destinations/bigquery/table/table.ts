import type {
  BigQueryService,
  NewTable,
  TableField,
  TableResource,
} from '../../../gateways/bigquery-service.js';
import { openObjectStore } from '../../../gateways/open-object-store.js';
import { failure } from '../../../shared/failures.js';
import { ObjectNotFound } from '../../../store/object-store.js';
import { clusteringOf, expirationOf, type BigqueryParameters } from './parameters.js';
import { parseSchema, parseSchemaFile, type SchemaChoice } from '../columns/schema-text.js';
import { plainName, type TableName } from './table-name.js';
import { sqlTypeOf, typeNameOf } from '../columns/type-fit.js';

/**
 * Looks at the table, and refuses what the config says of it that cannot be.
 * @returns null for a table that is to be made
 * @throws `ConfigError`
 */
export async function findTable(
  service: BigQueryService,
  table: TableName,
  parameters: BigqueryParameters,
): Promise<TableResource | null> {
  const place = plainName(table);
  const resource = await service.table(table);
  if (resource !== null) {
    assertWritable(place, resource, parameters);
    return resource;
  }
  if (parameters.create_disposition === 'CREATE_NEVER') {
    throw failure(
      'ResourceError',
      `there is no table ${place}, and \`create_disposition\` is CREATE_NEVER. Nothing was written. ` +
        'Make the table, or set `create_disposition: CREATE_IF_NEEDED`.',
    );
  }
  if (parameters.schema === 'get_from_table') {
    throw failure(
      'ResourceError',
      `there is no table ${place}, whose schema \`schema: get_from_table\` asks for. Nothing was written. ` +
        'Make the table, or say the schema.',
    );
  }
  return null;
}

/**
 * Where the dataset is: jobs about its tables run there.
 * @throws `ResourceError` if there is none
 */
export async function locationOf(service: BigQueryService, table: TableName): Promise<string> {
  const { project, dataset } = table;
  const found = await service.dataset(dataset);
  if (found !== null) return found.location;
  throw failure(
    'ResourceError',
    `there is no dataset \`${dataset}\` in the project \`${project}\`, for the table ${plainName(table)}. ` +
      `Nothing was written. Make it with \`bq mk --dataset ${project}:${dataset}\`.`,
  );
}

/** The columns that the config asks for; null for those that are staged. */
export async function wantedFields(
  { schema }: BigqueryParameters,
  resource: TableResource | null,
): Promise<TableField[] | null> {
  const choice: SchemaChoice = parseSchema(schema);
  switch (choice.kind) {
    case 'auto':
      return null;
    case 'get_from_table':
      return resource?.fields ?? null;
    case 'fields':
      return choice.fields;
    case 'file':
      return fieldsInStore(choice.path);
  }
}

/** The plan holds the fields of local files. */
async function fieldsInStore(uri: string): Promise<TableField[]> {
  try {
    const objects = await openObjectStore();
    return parseSchemaFile((await objects.read(uri)).toString('utf8'));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof ObjectNotFound)) throw error;
    throw failure('ResourceError', `\`schema\` ${uri}: ${error.message}. Nothing was written.`);
  }
}

/**
 * What a new table is made of.
 * @throws `ConfigError` if the table cannot be divided as asked, naming the column and its type
 */
export function newTable(
  table: TableName,
  parameters: BigqueryParameters,
  fields: TableField[],
): NewTable {
  const { description, labels, partitioning, partitioning_field: field } = parameters;
  const clustering = clusteringOf(parameters);
  const place = plainName(table);
  if (partitioning !== undefined && field !== undefined) {
    assertPartitionable(place, partitioning, named(place, fields, field, 'partitioning_field'));
  }
  for (const column of clustering) named(place, fields, column, 'clustering');
  const expiresInMs = expirationOf(parameters);
  return {
    fields,
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
    ...(partitioning === undefined
      ? {}
      : { timePartitioning: { type: partitioning, ...(field === undefined ? {} : { field }) } }),
    ...(clustering.length === 0 ? {} : { clustering }),
    ...(parameters.require_partition_filter === true ? { requirePartitionFilter: true } : {}),
    ...(expiresInMs === undefined ? {} : { expiresInMs }),
  };
}

/** Columns that cannot be dropped. */
export function fixedColumns({
  timePartitioning,
  rangePartitioning,
  clustering,
}: TableResource): string[] {
  return [timePartitioning?.field, rangePartitioning, ...clustering].filter(
    (name): name is string => typeof name === 'string',
  );
}

/** The service cannot divide a table anew: https://cloud.google.com/bigquery/docs/partitioned-tables */
function assertWritable(
  place: string,
  resource: TableResource,
  { partitioning, partitioning_field: field }: BigqueryParameters,
): void {
  if (resource.type !== 'TABLE') {
    throw failure(
      'ConfigError',
      `${place} is a ${resource.type.toLowerCase()}: only a table can be written. Nothing was written. ` +
        'Name another table.',
    );
  }
  if (partitioning === undefined) return;
  const { timePartitioning: has } = resource;
  const isEqual =
    has !== null &&
    has.type.toUpperCase() === partitioning &&
    (has.field ?? '').toLowerCase() === (field ?? '').toLowerCase();
  if (isEqual) return;
  throw failure(
    'ConfigError',
    `${place} is ${partitioningText(resource)}; the config says by ${partitioning}` +
      `${field === undefined ? '' : ` of \`${field}\``}, and a table cannot be divided anew. ` +
      'Nothing was written. Correct `partitioning`, or make another table.',
  );
}

function partitioningText({ timePartitioning, rangePartitioning }: TableResource): string {
  if (rangePartitioning !== null) return `partitioned by ranges of \`${rangePartitioning}\``;
  if (timePartitioning === null) return 'not partitioned';
  const { type, field } = timePartitioning;
  return `partitioned by ${type}${field === undefined ? ' of the time of loading' : ` of \`${field}\``}`;
}

function named(
  place: string,
  fields: readonly TableField[],
  name: string,
  parameter: string,
): TableField {
  const found = fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw failure(
    'ConfigError',
    `${place}: \`${parameter}\` names \`${name}\`, which is no column ` +
      `(${fields.map((field) => field.name).join(', ')}). Nothing was written.`,
  );
}

/** https://cloud.google.com/bigquery/docs/partitioned-tables#date_timestamp_partitioned_tables */
function assertPartitionable(place: string, unit: string, field: TableField): void {
  const type = typeNameOf(field.type);
  const allowed = unit === 'HOUR' ? ['DATETIME', 'TIMESTAMP'] : ['DATE', 'DATETIME', 'TIMESTAMP'];
  if (allowed.includes(type) && field.mode !== 'REPEATED') return;
  throw failure(
    'ConfigError',
    `${place}: \`partitioning_field\` \`${field.name}\` is ${sqlTypeOf(field)}; partitions by ${unit} need ` +
      `${allowed.join(' or ')}. Nothing was written. Cast the column in a transform, or name another.`,
  );
}
