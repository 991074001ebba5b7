import type { Problem } from './problems.js';

/** What only one of several configs may have, such as a name: the first that claims it keeps it. */
export class Claims {
  readonly #places = new Map<string, string>();

  /** @returns where it was claimed before, as `file:line:column`; undefined if it was not */
  claim(what: string, { file, line, column }: Problem): string | undefined {
    const earlier = this.#places.get(what);
    if (earlier === undefined) this.#places.set(what, `${file}:${line}:${column}`);
    return earlier;
  }
}
