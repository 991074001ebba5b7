/** By the name that Arrow gives a type: the type of a column that DuckDB reads from Parquet. */
const types: Record<string, string> = {
  bool: 'BOOLEAN',
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  uint8: 'UTINYINT',
  uint16: 'USMALLINT',
  uint32: 'UINTEGER',
  uint64: 'UBIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  large_string: 'VARCHAR',
  binary: 'BLOB',
  large_binary: 'BLOB',
  'date32[day]': 'DATE',
  'time64[us]': 'TIME',
  'timestamp[us]': 'TIMESTAMP',
  'extension<arrow.uuid>': 'UUID',
  'extension<arrow.json>': 'JSON',
};

/** DuckDB's type of a staged column, from Arrow's; undefined for one that is not told by its name alone. */
export function duckdbTypeOf(arrow: string): string | undefined {
  if (arrow.startsWith('timestamp[us, tz=')) return 'TIMESTAMP WITH TIME ZONE';
  const [, precision, scale] = /^decimal128\((\d+), (\d+)\)$/.exec(arrow) ?? [];
  if (precision !== undefined) return `DECIMAL(${precision},${scale})`;
  return Object.hasOwn(types, arrow) ? types[arrow] : undefined;
}
