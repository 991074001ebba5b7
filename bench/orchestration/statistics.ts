/** The value below which that share of the sample lies (nearest rank); NaN of an empty sample. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** p50, p99 and the largest, rounded to that many digits after the point. */
export function spread(sample: readonly number[], digits = 3) {
  const round = (value: number) => Number(value.toFixed(digits));
  return {
    count: sample.length,
    p50: round(quantile(sample, 0.5)),
    p99: round(quantile(sample, 0.99)),
    max: round(quantile(sample, 1)),
  };
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
