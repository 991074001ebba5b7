import { own } from '../values/values.js';

/**
 * Keys that the design reserves and no code serves yet: refused with this sentence, never ignored.
 * When a feature arrives, its key moves from here into the envelope.
 */
export const laterKeys: Readonly<
  Record<'pipeline' | 'source' | 'transform' | 'sink', Readonly<Record<string, string>>>
> = {
  pipeline: {
    checks: 'check the result with a query after the run',
    on_error: 'a row that cannot be read fails the run',
    max_rejected: 'a row that cannot be read fails the run',
  },
  source: {
    on_error: 'a row that cannot be read fails the run',
    max_rejected: 'a row that cannot be read fails the run',
  },
  transform: {
    on_error: 'a row that fails a transform fails the run',
    max_rejected: 'a row that fails a transform fails the run',
  },
  sink: {
    checks: 'check the result with a query after the run',
  },
};

/** The message for a reserved key at a path like `['sinks', 0]`; undefined if it is just unknown. */
export function laterMessage(
  parent: readonly (string | number)[],
  key: string,
): string | undefined {
  const level = levelOf(parent);
  const advice = level === undefined ? undefined : own(laterKeys[level], key);
  return advice === undefined ? undefined : `not supported yet; ${advice}`;
}

function levelOf(parent: readonly (string | number)[]): keyof typeof laterKeys | undefined {
  if (parent.length === 0) return 'pipeline';
  if (parent.length !== 2) return undefined;
  if (parent[0] === 'sources') return 'source';
  if (parent[0] === 'transforms') return 'transform';
  return parent[0] === 'sinks' ? 'sink' : undefined;
}

/** Values that the design reserves and no code serves yet, by path. */
const laterValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  concurrency: { skip: 'use `queue`', replace: 'use `queue`' },
};

/** The message for a reserved value; undefined if it is just wrong. */
export function laterValueMessage(
  path: readonly (string | number)[],
  value: string,
): string | undefined {
  const values = own(laterValues, path.join('.'));
  const advice = values === undefined ? undefined : own(values, value);
  return advice === undefined ? undefined : `\`${value}\` is not supported yet; ${advice}`;
}
