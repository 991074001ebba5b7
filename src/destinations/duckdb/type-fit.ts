/** Bits and sign of DuckDB's integers. */
const integers: Record<string, { bits: number; signed: boolean; digits: number }> = {
  TINYINT: { bits: 8, signed: true, digits: 3 },
  SMALLINT: { bits: 16, signed: true, digits: 5 },
  INTEGER: { bits: 32, signed: true, digits: 10 },
  BIGINT: { bits: 64, signed: true, digits: 19 },
  HUGEINT: { bits: 128, signed: true, digits: 39 },
  UTINYINT: { bits: 8, signed: false, digits: 3 },
  USMALLINT: { bits: 16, signed: false, digits: 5 },
  UINTEGER: { bits: 32, signed: false, digits: 10 },
  UBIGINT: { bits: 64, signed: false, digits: 20 },
  UHUGEINT: { bits: 128, signed: false, digits: 39 },
};

/**
 * Whether every value of DuckDB type `from` can be stored as `to` unchanged. DuckDB itself would
 * round, cut or wrap on insert.
 */
export function fits(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === 'FLOAT' && to === 'DOUBLE') return true;
  // Text stays text; the other way, DuckDB checks the value and keeps it as it is.
  if (from === 'JSON' && to === 'VARCHAR') return true;
  if (from === 'VARCHAR' && (to === 'JSON' || to.startsWith('ENUM('))) return true;
  const decimal = decimalOf(to);
  const narrow = integers[from];
  if (narrow) {
    const wide = integers[to];
    if (wide) {
      if (wide.signed === narrow.signed) return wide.bits >= narrow.bits;
      return wide.signed && wide.bits > narrow.bits;
    }
    return decimal !== null && decimal.whole >= narrow.digits;
  }
  const digits = decimalOf(from);
  if (!digits || !decimal) return false;
  return decimal.whole >= digits.whole && decimal.scale >= digits.scale;
}

function decimalOf(type: string): { whole: number; scale: number } | null {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return null;
  return { whole: Number(precision) - Number(scale), scale: Number(scale) };
}
