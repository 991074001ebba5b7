import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ResolvedArgs } from './arguments.js';
import { maxConfigBytes, type LoadedConfig } from './document.js';
import type { ConfigPath, Problem } from './problems.js';
import { fillString } from './references.js';
import type { Step } from './steps.js';

/** A step's parameters with the texts of its `.sql` files in place of their paths. */
export interface InlinedSql {
  parameters: Record<string, unknown>;
  problems: Problem[];
}

/**
 * Reads the `.sql` files that a step names and fills the arguments into their text.
 * @param names parameters that may hold one: `sql_parameters` of the module
 * @param options `root`: the project root, where relative paths start
 */
export function inlineSql(
  loaded: LoadedConfig,
  step: Step,
  names: readonly string[],
  { root, args }: { root: string; args: ResolvedArgs },
): InlinedSql {
  const inlined: InlinedSql = { parameters: { ...step.parameters }, problems: [] };
  const read = (file: string, path: ConfigPath): string => {
    const problem = (message: string): string => {
      inlined.problems.push(loaded.problem(path, message));
      return file;
    };
    const text = readSql(resolve(root, file));
    if ('message' in text) return problem(`${file}: ${text.message}`);
    const filled = fillString(text.sql, args, { external: false });
    for (const message of filled.messages) problem(`in ${file}: ${message}`);
    return String(filled.value);
  };
  for (const name of names) {
    const path = [...step.path, 'parameters', name];
    const value = step.parameters[name];
    if (isSqlPath(value)) inlined.parameters[name] = read(value, path);
    else if (Array.isArray(value)) {
      inlined.parameters[name] = value.map((item: unknown, index) =>
        isSqlPath(item) ? read(item, [...path, index]) : item,
      );
    }
  }
  return inlined;
}

/** A single line that ends in `.sql` is a path, anything else is SQL. */
export function isSqlPath(value: unknown): value is string {
  return typeof value === 'string' && /^[^\n;]+\.sql$/i.test(value);
}

function readSql(path: string): { sql: string } | { message: string } {
  try {
    if (statSync(path).size > maxConfigBytes) {
      return { message: `is larger than ${maxConfigBytes} bytes` };
    }
    return { sql: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return { message: 'no such file; paths start at the project root' };
    }
    if (code === 'EISDIR') return { message: 'is a folder' };
    if (code === 'EACCES' || code === 'EPERM') return { message: 'permission denied' };
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { message: 'is not UTF-8 text' };
    throw error;
  }
}
