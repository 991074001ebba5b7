import type { ConfigPath } from './config-path.js';

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

/** What stands under a name that somebody chose; never what every object has, such as `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
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
  return `text ${JSON.stringify(shortened(value))}`;
}

/** A text of a file, or one that somebody sent, as a message may quote it: its beginning. */
export function shortened(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
