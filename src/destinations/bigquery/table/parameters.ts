import { z } from 'zod';
import { durationMs, durationPattern } from '../../../shared/duration.js';
import { parseSchema } from '../columns/schema-text.js';
import { tableNameProblem } from './table-name.js';

/** Fields that a table may be clustered by: https://cloud.google.com/bigquery/docs/clustered-tables#limitations */
const mostClustered = 4;

const units = ['HOUR', 'DAY', 'MONTH', 'YEAR'] as const;

const options = z.strictObject({
  table: z
    .string()
    .meta({ examples: ['my-project:my_dataset.my_table'] })
    .describe('Table to write, as `project:dataset.table` or `project.dataset.table`.'),
  schema: z
    .string()
    .min(1)
    .default('auto')
    .describe(
      "`auto`: the types of what is staged. `get_from_table`: the table's own. Else `name:TYPE,…`, or the path of " +
        'a .json file as `bq show --schema --format=prettyjson` prints it, relative to the project root, or in Cloud Storage.',
    ),
  create_disposition: z
    .enum(['CREATE_IF_NEEDED', 'CREATE_NEVER'])
    .default('CREATE_NEVER')
    .describe('Whether a table that is missing is made.'),
  partitioning: orNothing(z.enum([...units, ...units.map(lowerCase)]).transform(upperCase))
    .optional()
    .describe('How long a partition of a new table is; an existing table must have it so.'),
  partitioning_field: orNothing(z.string().min(1))
    .optional()
    .describe(
      'With `partitioning`: column of type DATE, DATETIME or TIMESTAMP that tells the partition; without it, the ' +
        'time of loading does.',
    ),
  clustering: z
    .union([z.string(), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Columns that a new table is clustered by, as `a,b` or as a list; four at most.'),
  description: z.string().optional().describe('Description of a new table.'),
  labels: z
    .record(
      z
        .string()
        .regex(
          /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u,
          'must be lower-case letters, digits, _ or -',
        ),
      z
        .string()
        .regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u, 'must be lower-case letters, digits, _ or -'),
    )
    .optional()
    .describe('Labels of a new table.'),
  expiration: z
    .string()
    .regex(durationPattern, 'must be a duration such as `30d`')
    .optional()
    .describe('How long a new table lives, such as `30d`.'),
  require_partition_filter: z
    .boolean()
    .optional()
    .describe('Whether queries of a new table must name its partitions.'),
  gcs_temp_location: z
    .string()
    .optional()
    .describe(
      'Has no effect: kept for configs of pydataflow-template. Files are staged in the store.',
    ),
});

export const bigqueryParameters = options.superRefine((parameters, context) => {
  const refuse = (key: keyof typeof parameters, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  const problem = tableNameProblem(parameters.table);
  if (problem !== null) refuse('table', problem);
  try {
    parseSchema(parameters.schema);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse('schema', error.message);
  }
  if (parameters.partitioning === undefined && parameters.require_partition_filter) {
    refuse('require_partition_filter', 'needs `partitioning`: HOUR, DAY, MONTH or YEAR');
  }
  const clustered = clusteringOf(parameters).map((column) => column.toLowerCase());
  if (clustered.length > mostClustered) {
    refuse('clustering', `names ${clustered.length} columns; a table is clustered by four at most`);
  }
  if (new Set(clustered).size < clustered.length) refuse('clustering', 'names a column twice');
});
export type BigqueryParameters = z.infer<typeof bigqueryParameters>;

/** The columns of `clustering`, however it is written. */
export function clusteringOf({
  clustering = [],
}: Pick<BigqueryParameters, 'clustering'>): string[] {
  if (typeof clustering !== 'string') return clustering;
  return clustering
    .split(',')
    .map((column) => column.trim())
    .filter((column) => column !== '');
}

/** Milliseconds that a new table lives; undefined for ever. */
export function expirationOf({ expiration }: BigqueryParameters): number | undefined {
  return expiration === undefined ? undefined : durationMs(expiration);
}

/** An empty text says nothing, as in pydataflow-template. */
function orNothing<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.literal('').transform(() => undefined)]);
}

function upperCase<T extends string>(text: T): Uppercase<T> {
  return text.toUpperCase() as Uppercase<T>;
}

function lowerCase<T extends string>(text: T): Lowercase<T> {
  return text.toLowerCase() as Lowercase<T>;
}
