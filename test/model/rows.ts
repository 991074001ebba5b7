/** Types of the columns that the model knows, and what DuckDB and Arrow call them. */
export const columnTypes = {
  integer: { sql: 'BIGINT', arrow: 'int64' },
  text: { sql: 'VARCHAR', arrow: 'string' },
  date: { sql: 'DATE', arrow: 'date32[day]' },
  timestamp: { sql: 'TIMESTAMP', arrow: 'timestamp[us]' },
  timestamptz: { sql: 'TIMESTAMPTZ', arrow: 'timestamp[us, tz=UTC]' },
} as const;
export type ColumnType = keyof typeof columnTypes;

export interface Column {
  name: string;
  type: ColumnType;
}

/** Texts as `src/shared/run/window.ts` writes them; an integer is its digits. */
export type Value = string | null;
export type Row = Readonly<Record<string, Value>>;

export interface Table {
  columns: readonly Column[];
  rows: readonly Row[];
}

/** What two tables have in common if they hold the same rows, each as often. */
export function contentOf({ columns, rows }: Table): string[] {
  const names = columns.map(({ name }) => name).toSorted();
  return rows.map((row) => JSON.stringify(names.map((name) => row[name] ?? null))).toSorted();
}

/** A query of the rows, in DuckDB's SQL. */
export function selectOf({ columns, rows }: Table): string {
  const empty = columns.map(
    ({ name, type }) => `CAST(NULL AS ${columnTypes[type].sql}) AS "${name}"`,
  );
  if (rows.length === 0) return `SELECT ${empty.join(', ')} WHERE false`;
  const values = rows.map(
    (row) => `(${columns.map(({ name }) => literalOf(row[name] ?? null)).join(', ')})`,
  );
  const typed = columns.map(({ name, type }, index) => {
    return `CAST(c${index} AS ${columnTypes[type].sql}) AS "${name}"`;
  });
  const names = columns.map((_, index) => `c${index}`);
  return `SELECT ${typed.join(', ')} FROM (VALUES ${values.join(', ')}) AS given (${names.join(', ')})`;
}

/** A column as the text that the model has. */
export function textOf({ name, type }: Column): string {
  switch (type) {
    case 'integer':
    case 'text':
    case 'date':
      return `CAST("${name}" AS VARCHAR)`;
    case 'timestamp':
      return `strftime("${name}", '%Y-%m-%dT%H:%M:%S.%f')`;
    case 'timestamptz':
      return `strftime("${name}" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`;
  }
}

function literalOf(value: Value): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}
