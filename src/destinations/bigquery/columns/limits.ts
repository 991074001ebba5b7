import { failure } from '../../../shared/failures.js';

/** Columns of a table, or of a query: https://cloud.google.com/bigquery/quotas#standard_tables */
export const mostColumns = 10_000;
/** Of a query, before it is resolved: https://cloud.google.com/bigquery/quotas#query_jobs */
const mostCharacters = 1_048_576;
/** That one query names: https://cloud.google.com/bigquery/quotas#query_jobs */
const mostTables = 1000;

/**
 * Refuses a commit that the service would refuse for its size, before anything is loaded.
 * @throws `DataError`
 */
export function assertFits(
  place: string,
  step: string,
  { columns, tables, script }: { columns: number; tables: number; script: string },
): void {
  const refuse = (problem: string, advice: string) =>
    failure('DataError', `${place}: ${problem}. Nothing was written. ${advice}`, { step });
  if (columns > mostColumns) {
    throw refuse(
      `the table would have ${columns} columns, and BigQuery's have ${mostColumns} at most`,
      'Leave some out in a transform, or put them into one column of JSON.',
    );
  }
  if (tables > mostTables) {
    throw refuse(
      `what is staged lies in ${tables} files, and a query of BigQuery names ${mostTables} tables at most`,
      'Stage in a bucket, or publish in several runs.',
    );
  }
  if (script.length > mostCharacters) {
    throw refuse(
      `the statements that publish ${columns} columns have ${script.length} characters, and BigQuery takes ` +
        `${mostCharacters}`,
      'Shorten the names of the columns, leave some out, or use `mode: replace`, which names each only twice.',
    );
  }
}
