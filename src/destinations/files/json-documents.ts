import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { mapsWithEqualKeys, unwantedIn, type Unwanted } from '../nested.js';
import type { Layout } from './records.js';

/** What a document must not be, where it is written into another. */
const documents: Unwanted[] = [
  {
    finds: (value, { alias }) => (alias === 'JSON' ? `json_type(${value}) = 'NULL'` : null),
    what: 'JSON documents that are `null`, which nobody could tell from a NULL',
  },
  {
    // DuckDB takes them for JSON; outside of strings no other word of JSON has these letters.
    finds: (value, { alias }) =>
      alias === 'JSON'
        ? `regexp_matches(regexp_replace(${value}, '"(?:[^"\\\\]|\\\\.)*"', '', 'g'), '(?i)nan|inf')`
        : null,
    what: 'JSON documents with NaN or Infinity, which are no JSON',
  },
];

/**
 * Refuses what would be something else once it stands inside a line of JSON Lines, or in a list, a struct or a
 * map of a CSV: there `null` is NULL, and a key stands once.
 * @throws `DataError` naming each column and how many rows have such a value
 */
export async function assertJsonDocuments(
  connection: DuckDBConnection,
  { format, partition_by }: Layout,
  staged: string,
  step: string,
): Promise<void> {
  if (format === 'parquet') return;
  const problems = await unwantedIn(connection, staged, (name, { alias }) => {
    // In a cell of its own, a document is its text.
    if (partition_by.includes(name) || (format === 'csv' && alias === 'JSON')) return [];
    return [...documents, mapsWithEqualKeys];
  });
  if (problems.length === 0) return;
  throw failure(
    'DataError',
    `${step} cannot be written exactly as ${format === 'csv' ? 'CSV' : 'JSON Lines'}: ${problems.join('; ')}. ` +
      "Nothing was written. Replace them in a transform, as with nullif(column, 'null'), or write Parquet.",
    { step },
  );
}
