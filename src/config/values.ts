import type { ConfigPath } from './problems.js';

/** The value at a path of plain data; undefined if it is not there. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      parent !== null && typeof parent === 'object' && Object.hasOwn(parent, key)
        ? (parent as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

/** True for `{…}`: a mapping, not a list. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What a message shows of a value that is wrong: `text "abc"`, `a list`, `5`. */
export function shown(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'nothing';
  return `text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
}
