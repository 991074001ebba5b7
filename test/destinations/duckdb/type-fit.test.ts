import assert from 'node:assert/strict';
import { fits } from '../../../src/destinations/duckdb/type-fit.js';

/** The least and the greatest value of each integer of DuckDB. */
const ranges = new Map<string, [least: bigint, greatest: bigint]>(
  (
    [
      ['TINYINT', 8n],
      ['SMALLINT', 16n],
      ['INTEGER', 32n],
      ['BIGINT', 64n],
      ['HUGEINT', 128n],
    ] as const
  ).flatMap(([name, bits]) => [
    [name, [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]],
    [`U${name}`, [0n, 2n ** bits - 1n]],
  ]),
);

describe('duckdb: whether a column holds every value of another type', () => {
  it('is told for each pair of integers as their ranges say', () => {
    for (const [from, [least, greatest]] of ranges) {
      for (const [to, [lowest, highest]] of ranges) {
        const holds = lowest <= least && greatest <= highest;
        assert.equal(fits(from, to), holds, `${from} in ${to}`);
      }
    }
  });

  it('is told for each integer and decimal as their digits say', () => {
    for (const [from, [least, greatest]] of ranges) {
      for (let precision = 1; precision <= 38; precision++) {
        for (const scale of [0, 1, precision]) {
          if (scale > precision) continue;
          const end = 10n ** BigInt(precision - scale);
          const holds = -end < least && greatest < end;
          const to = `DECIMAL(${precision},${scale})`;
          assert.equal(fits(from, to), holds, `${from} in ${to}`);
        }
      }
    }
  });

  it('is told for each pair of decimals as their digits say', () => {
    assert.equal(fits(decimal(10, 2), decimal(12, 4)), true);
    assert.equal(fits(decimal(10, 2), decimal(12, 5)), false);
    assert.equal(fits(decimal(10, 2), decimal(10, 1)), false);
    assert.equal(fits(decimal(10, 2), 'BIGINT'), false);
    assert.equal(fits('DOUBLE', decimal(38, 10)), false);
  });
});

function decimal(precision: number, scale: number): string {
  return `DECIMAL(${precision},${scale})`;
}
