/** Random choices that follow from a seed alone. */
export interface Random {
  /** A whole number from 0 to below `below`. */
  below(below: number): number;
  /** A whole number of milliseconds, both ends included. */
  between(least: number, most: number): number;
  chance(share: number): boolean;
  pick<T>(of: readonly T[]): T;
}

/** SplitMix32, which passes for random here and is ten lines (https://prng.di.unimi.it, public domain). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (share) => next() < share,
    pick: (of) => of[below(of.length)] as (typeof of)[number],
  };
}
