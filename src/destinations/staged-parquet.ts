import { failure } from '../shared/failures.js';
import type { ManifestSink } from '../shared/manifest.js';

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

/**
 * Refuses columns that DuckDB would silently change while it reads them from Parquet.
 * @throws `DataError` naming every one of them
 */
export function assertReadableByDuckdb(staged: ManifestSink, step: string): void {
  const wrong = staged.schema.flatMap(({ name, type }) => {
    const why = changedByDuckdb(type);
    return why === undefined ? [] : [`column \`${name}\` is ${type}: ${why}`];
  });
  const seen = new Map<string, string>();
  for (const { name } of staged.schema) {
    const same = seen.get(name.toLowerCase());
    if (same !== undefined) {
      wrong.push(`columns \`${same}\` and \`${name}\` differ only in upper and lower case`);
    }
    seen.set(name.toLowerCase(), name);
  }
  if (wrong.length === 0) return;
  throw failure(
    'DataError',
    `${step} cannot be written exactly: ${wrong.join('; ')}. Nothing was written. ` +
      'Cast or rename in a transform.',
    { step },
  );
}

/** Read as DuckDB 1.5 reads them (measured): text is the way to keep such a column. */
function changedByDuckdb(type: string): string | undefined {
  const digits = Number(/decimal256\((\d+)/.exec(type)?.[1] ?? 0);
  if (digits > 38) return 'decimals have at most 38 digits; cast it to text or to fewer digits';
  if (/timestamp\[ns, tz=/.test(type)) {
    return 'timestamps with a time zone have microseconds; cast it to `timestamp[us]`';
  }
  if (/duration\[/.test(type)) return 'Parquet has no such type; cast it to a number';
  return undefined;
}
