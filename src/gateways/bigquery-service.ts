/** What Beamline asks of BigQuery in one project; errors are {@link BigQueryError}s. */
export interface BigQueryService {
  /** Null if there is none. */
  dataset(id: string): Promise<{ location: string } | null>;
  /** Null if there is none. */
  table(table: TableReference): Promise<TableResource | null>;
  /** False if a table of that name is there: it stays as it is. */
  createTable(table: TableReference, resource: NewTable): Promise<boolean>;
  /** A table that is not there is fine. */
  deleteTable(table: TableReference): Promise<void>;
  /** Ids of the tables of a dataset. */
  tableIds(dataset: string): AsyncIterable<string>;
  /** False if the id was used before, also by a job that failed. */
  insertJob(job: JobReference, configuration: JobConfiguration): Promise<boolean>;
  /** Uploads one local Parquet file as a load job. False if the id was used before. */
  loadFile(job: JobReference, file: string, load: LoadConfiguration): Promise<boolean>;
  /** The job once it is done; null if there is no such job. */
  finishedJob(job: JobReference): Promise<FinishedJob | null>;
  /**
   * Rows that the statements of a finished script changed or deleted, by the statistics of their jobs
   * (https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#dmlstats); null if not all are listed.
   */
  replacedRows(script: JobReference): Promise<number | null>;
  /** Rows of a query as texts, in the form of the REST API; at most a page of them. */
  query(location: string, sql: string, parameters?: QueryParameter[]): Promise<Row[]>;
}

export interface TableReference {
  dataset: string;
  table: string;
}

/** A column, as `bq show --schema` prints it. */
export interface TableField {
  name: string;
  type: string;
  mode?: string;
  description?: string;
  fields?: TableField[];
  precision?: string | number;
  scale?: string | number;
  [other: string]: unknown;
}

/** How a table is divided: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export interface TimePartitioning {
  type: string;
  field?: string;
}

export interface TableResource {
  /** `TABLE`, `VIEW`, `EXTERNAL`, … */
  type: string;
  fields: TableField[];
  rows: number;
  bytes: number;
  timePartitioning: TimePartitioning | null;
  /** The column of a table that is divided by ranges of numbers. */
  rangePartitioning: string | null;
  clustering: string[];
  requirePartitionFilter: boolean;
  /** Milliseconds since 1970, as text. */
  creationTime: string;
}

export interface NewTable {
  fields: TableField[];
  description?: string;
  labels?: Record<string, string>;
  timePartitioning?: TimePartitioning;
  clustering?: string[];
  requirePartitionFilter?: boolean;
  /** Milliseconds from now. */
  expiresInMs?: number;
}

export interface JobReference {
  jobId: string;
  location: string;
}

export interface LoadConfiguration {
  table: TableReference;
  fields: TableField[];
}

export interface JobConfiguration {
  labels: Record<string, string>;
  work:
    | { kind: 'query'; sql: string; parameters: QueryParameter[] }
    | { kind: 'load'; load: LoadConfiguration; uris: string[] };
}

export interface FinishedJob {
  labels: Record<string, string>;
  /** Null if it succeeded. */
  error: BigQueryError | null;
}

export interface QueryParameter {
  name: string;
  /** Of GoogleSQL, as `INT64`. */
  type: string;
  /** As the REST API writes it. */
  value: string | null;
}

export type Row = (string | null)[];

/** A request or a job that failed; `reason` is one of https://cloud.google.com/bigquery/docs/error-messages. */
export class BigQueryError extends Error {
  readonly status: number | null;
  readonly reason: string;

  constructor(message: string, reason: string, status: number | null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BigQueryError';
    this.reason = reason;
    this.status = status;
  }

  /** Whether another try may help: nothing is wrong with what was asked. */
  get isPassing(): boolean {
    if (passing.has(this.reason) || (this.status !== null && this.status >= 502)) return true;
    // Another transaction changed rows of the table: it says so as an invalid query.
    return /aborted due to concurrent|could not serialize access/i.test(this.message);
  }
}

const passing = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'jobRateLimitExceeded',
  'quotaExceeded',
  'rateLimitExceeded',
  'stopped',
  'tableUnavailable',
  'timeout',
  'connection',
]);
