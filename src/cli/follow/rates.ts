import type { RunSnapshot } from '../../client/index.js';

interface Sample {
  rows: number;
  at: number;
  perSecond: number | null;
}

/** Rows per second of each step, from what was seen since the step's count last changed. */
export class Rates {
  readonly #samples = new Map<string, Sample>();

  /** @param at milliseconds */
  observe({ steps, activity }: RunSnapshot, at: number): void {
    for (const [name, { rows }] of Object.entries(steps)) {
      const key = `${activity?.attempt ?? 1} ${name}`;
      const last = this.#samples.get(key);
      if (last === undefined) this.#samples.set(key, { rows, at, perSecond: null });
      else if (rows > last.rows && at > last.at) {
        const perSecond = ((rows - last.rows) * 1000) / (at - last.at);
        this.#samples.set(key, { rows, at, perSecond });
      }
    }
  }

  /** Null before a step's count was seen to change. */
  of({ activity }: RunSnapshot, name: string): number | null {
    return this.#samples.get(`${activity?.attempt ?? 1} ${name}`)?.perSecond ?? null;
  }
}
