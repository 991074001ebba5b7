import type { ManifestSink } from '../shared/run/manifest.js';
import { castAdvice, equalButForCase, ofInput } from './column-problems.js';
import type { ColumnProblem } from './destination.js';

/** Quotes a name for DuckDB's SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for DuckDB's SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A table function that reads exactly these staged files, whatever signs their paths hold. */
export function readStaged(files: ManifestSink['files']): string {
  const paths = files.map(({ uri }) => literal(uri.replaceAll(/[*?[]/g, '[$&]')));
  // A folder above the store may be called `year=2026`: that is no column.
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}

/** Columns that DuckDB would silently change while it reads them from Parquet. */
export function changedByDuckdb(columns: ManifestSink['schema']): ColumnProblem[] {
  const changed = columns.flatMap(({ name, type }) => {
    const why = whyChanged(type);
    if (why === undefined) return [];
    const what = `column \`${name}\` is ${type}: ${why}`;
    return [{ at: ofInput, what, remedy: { advice: castAdvice } }];
  });
  return [...changed, ...equalButForCase(columns)];
}

/** Read as DuckDB 1.5 reads them (measured): text is the way to keep such a column. */
function whyChanged(type: string): string | undefined {
  const digits = Number(/decimal256\((\d+)/.exec(type)?.[1] ?? 0);
  if (digits > 38) return 'decimals have at most 38 digits; cast it to text or to fewer digits';
  if (/timestamp\[ns, tz=/.test(type)) {
    return 'timestamps with a time zone have microseconds; cast it to `timestamp[us]`';
  }
  if (/duration\[/.test(type)) return 'Parquet has no such type; cast it to a number';
  return undefined;
}
