import { resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { openObjectStore } from '../../gateways/open-object-store.js';
import { isGsUri } from '../../store/gs-uri.js';
import { ObjectNotFound, type ObjectStore } from '../../store/object-store.js';
import { NotRegular, readRegularFile, TooLarge } from '../../store/read-regular.js';
import type { ResolvedArgs } from '../checks/arguments.js';
import { maxConfigBytes, type LoadedConfig } from '../document/document.js';
import type { ConfigPath } from '../values/config-path.js';
import type { Problem } from '../document/problems.js';
import { fillString, type FillBudget } from '../checks/references.js';
import { leadsElsewhere, rootsCheck } from '../settings/roots.js';
import type { Step } from '../envelope/steps.js';
import { valueAt } from '../values/values.js';
import { number } from '../../shared/counts.js';

/** A step's parameters with the texts of its `.sql` files in place of their paths. */
export interface InlinedSql {
  parameters: Record<string, unknown>;
  /** The texts of the files as they are, by their paths. */
  files: Record<string, string>;
  problems: Problem[];
}

/**
 * Reads the `.sql` files that a step names, here or in Cloud Storage, and fills the arguments into
 * their text. Throws the failure `ConnectionLost` where Cloud Storage does not answer.
 * @param names parameters that may hold one: `sql_parameters` of the module
 * @param options `root`: the project root, where relative paths start; `objects`: Cloud Storage
 */
export async function inlineSql(
  loaded: LoadedConfig,
  step: Step,
  names: readonly string[],
  {
    root,
    args,
    budget,
    objects = openObjectStore,
  }: {
    root: string;
    args: ResolvedArgs;
    budget?: FillBudget;
    objects?: () => Promise<ObjectStore>;
  },
): Promise<InlinedSql> {
  const inlined: InlinedSql = {
    parameters: { ...step.parameters },
    files: {},
    problems: [],
  };
  const outsideOf = rootsCheck(root);
  const read = async (file: string, path: ConfigPath): Promise<string> => {
    const problem = (message: string): string => {
      inlined.problems.push(loaded.problem(path, message));
      return file;
    };
    const refused = isGsUri(file)
      ? undefined
      : (leadsElsewhere(valueAt(loaded.value, path), file) ?? outsideOf(file));
    if (refused !== undefined) return problem(refused);
    const text = isGsUri(file)
      ? await readObject(await objects(), file)
      : readSql(resolve(root, file));
    if ('message' in text) return problem(`${file}: ${text.message}`);
    inlined.files[file] = text.sql;
    if (budget !== undefined) budget.left -= text.sql.length;
    const filled = fillString(text.sql, args, { external: false, ...(budget && { budget }) });
    for (const message of filled.messages) problem(`in ${file}: ${message}`);
    return String(filled.value);
  };
  for (const name of names) {
    const path = [...step.path, 'parameters', name];
    const value = step.parameters[name];
    if (isSqlPath(value)) inlined.parameters[name] = await read(value, path);
    else if (Array.isArray(value)) {
      inlined.parameters[name] = await Promise.all(
        value.map((item: unknown, index) =>
          isSqlPath(item) ? read(item, [...path, index]) : item,
        ),
      );
    }
  }
  return inlined;
}

/** A single line that ends in `.sql` is a path, anything else is SQL. */
export function isSqlPath(value: unknown): value is string {
  return typeof value === 'string' && /^[^\n;]+\.sql$/i.test(value);
}

type Read = { sql: string } | { message: string };

async function readObject(store: ObjectStore, uri: string): Promise<Read> {
  try {
    const size = (await store.stat(uri))?.size;
    if (size === undefined) return { message: 'there is no such object' };
    return size > maxConfigBytes ? tooLarge : decoded(await store.read(uri, maxConfigBytes));
  } catch (error) {
    if (error instanceof ObjectNotFound) return { message: 'there is no such object' };
    if (error instanceof RangeError) return { message: error.message };
    if (error instanceof TooLarge) return tooLarge;
    if (error instanceof ApplicationFailure && error.type === 'ObjectStoreRefused') {
      return { message: error.message };
    }
    throw error;
  }
}

function readSql(path: string): Read {
  try {
    return decoded(readRegularFile(path, maxConfigBytes));
  } catch (error) {
    if (error instanceof NotRegular) return { message: error.message };
    if (error instanceof TooLarge) return tooLarge;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return { message: 'no such file; paths start at the project root' };
    }
    if (code === 'EACCES' || code === 'EPERM') return { message: 'permission denied' };
    throw error;
  }
}

const tooLarge: Read = { message: `is larger than ${number(maxConfigBytes)} bytes` };

function decoded(content: Buffer): Read {
  try {
    return { sql: new TextDecoder('utf-8', { fatal: true }).decode(content) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { message: 'is not UTF-8 text' };
    throw error;
  }
}
