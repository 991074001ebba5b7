/** What a staged column is: BigQuery's own types, and two that are loaded as something else. */
export type StagedKind =
  | 'BOOL'
  | 'INT64'
  | 'FLOAT64'
  | 'NUMERIC'
  | 'BIGNUMERIC'
  | 'STRING'
  | 'BYTES'
  | 'DATE'
  | 'TIME'
  | 'DATETIME'
  | 'TIMESTAMP'
  /** Loaded as the 16 bytes that Parquet holds. */
  | 'UUID'
  /** Loaded as text. */
  | 'JSON';

export interface StagedType {
  kind: StagedKind;
  /** Of a number: digits before and after the point. */
  digits?: Digits;
  /** Loaded as INT64: values above 2^63 - 1 are none, and are looked for before a commit. */
  isUnsigned64?: true;
}

export interface Digits {
  whole: number;
  scale: number;
}

/** Whole digits that every value of Arrow's integers has at most. */
const integers: Record<string, number> = {
  int8: 3,
  int16: 5,
  int32: 10,
  int64: 19,
  uint8: 3,
  uint16: 5,
  uint32: 10,
};

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
const limits: { kind: 'NUMERIC' | 'BIGNUMERIC'; whole: number; scale: number }[] = [
  { kind: 'NUMERIC', whole: 29, scale: 9 },
  { kind: 'BIGNUMERIC', whole: 38, scale: 38 },
];

const simple: Record<string, StagedKind> = {
  bool: 'BOOL',
  float: 'FLOAT64',
  double: 'FLOAT64',
  string: 'STRING',
  large_string: 'STRING',
  string_view: 'STRING',
  binary: 'BYTES',
  large_binary: 'BYTES',
  binary_view: 'BYTES',
  'date32[day]': 'DATE',
  'date64[ms]': 'DATE',
  'time32[s]': 'TIME',
  'time32[ms]': 'TIME',
  'time64[us]': 'TIME',
  'timestamp[s]': 'DATETIME',
  'timestamp[ms]': 'DATETIME',
  'timestamp[us]': 'DATETIME',
  'extension<arrow.uuid>': 'UUID',
  'extension<arrow.json>': 'JSON',
};

/**
 * What a type of Arrow becomes, or why it cannot be kept exactly.
 *
 * A load job is told the type of every column, because by itself it takes a timestamp for an
 * instant and keeps neither UUIDs nor JSON:
 * https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#parquet_conversions
 */
export function stagedTypeOf(arrow: string): StagedType | { refused: string } {
  const kind = simple[arrow];
  if (kind !== undefined) return { kind };
  const whole = integers[arrow];
  if (whole !== undefined) return { kind: 'INT64', digits: { whole, scale: 0 } };
  if (arrow === 'uint64') {
    return { kind: 'INT64', digits: { whole: 19, scale: 0 }, isUnsigned64: true };
  }
  const values = /^dictionary<values=(.+?), indices=/.exec(arrow)?.[1];
  if (values !== undefined) return stagedTypeOf(values);
  if (/^fixed_size_binary\[\d+\]$/.test(arrow)) return { kind: 'BYTES' };
  if (/^timestamp\[(s|ms|us), tz=/.test(arrow)) return { kind: 'TIMESTAMP' };
  const decimal = /^decimal\d+\((\d+), (-?\d+)\)$/.exec(arrow);
  if (decimal) return decimalType(Number(decimal[1]), Number(decimal[2]));
  return { refused: whyRefused(arrow) };
}

/** The type of a new column for what is staged. */
export function columnTypeOf({ kind }: StagedType): string {
  return kind === 'UUID' ? 'STRING' : kind;
}

/** The type that a load job is told. */
export function loadTypeOf({ kind }: StagedType): string {
  if (kind === 'UUID') return 'BYTES';
  return kind === 'JSON' ? 'STRING' : kind;
}

function decimalType(precision: number, scale: number): StagedType | { refused: string } {
  const digits = { whole: precision - scale, scale };
  const limit = limits.find(
    (candidate) => scale >= 0 && digits.whole <= candidate.whole && scale <= candidate.scale,
  );
  if (limit !== undefined) return { kind: limit.kind, digits };
  return {
    refused:
      'BIGNUMERIC has 38 digits before and 38 after the point; cast it to fewer digits or to text',
  };
}

function whyRefused(arrow: string): string {
  if (arrow === 'halffloat') return 'a load job does not read it; cast it to `double`';
  if (arrow === 'null') return 'it has no type; cast it to one';
  if (arrow.includes('[ns')) return 'times have microseconds; cast it to microseconds';
  if (arrow.startsWith('duration')) return 'Parquet has no such type; cast it to a number';
  if (/^(large_|fixed_size_)?list|^struct|^map/.test(arrow)) {
    return 'lists and structures do not keep their NULLs; write it as JSON';
  }
  return 'no type of BigQuery keeps it; cast it to text';
}
