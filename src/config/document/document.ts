import { extname, resolve } from 'node:path';
import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { bucketPathMessage } from '../values/bucket-path.js';
import { maxConfigBytes, maxProfileBytes, readConfigText } from './config-text.js';
import { jsonErrorOf } from '../../shared/json-error.js';
import type { ConfigPath } from '../values/config-path.js';
import { ConfigProblems, formatPath, type Problem } from './problems.js';
import { unfitNodes } from './unfit-nodes.js';
import { shortened } from '../values/values.js';
import { yamlCauseOf } from './yaml-cause.js';
import { measure, mostDepth, mostValues, tooDeep, tooMany, tooMuch } from './yaml-limits.js';

export { maxConfigBytes } from './config-text.js';

/** Aliases may multiply one anchor at most this often. */
const maxAliasCount = 100;
/** Of a malformed file so many places are told. */
const mostErrors = 20;
/** A longer message is cut: a value of the file may stand in it. */
const longestMessage = 1000;

/** A YAML or JSON file as plain data that still knows where everything stands. */
export interface LoadedConfig {
  /** The file, as the person named it: shown in problems. */
  file: string;
  /** Absolute path. */
  path: string;
  value: unknown;
  /** A problem at the value of a path, or at its key; at the nearest parent if it is not there. */
  problem(path: ConfigPath, message: string, part?: 'key' | 'value'): Problem;
}

/**
 * Reads a YAML 1.2 or JSON file.
 * @param path absolute, or relative to `root`
 * @param options `file`: the name to show in problems (default: `path` as given); `json`: accept
 *   only JSON (default: by the extension)
 * @throws {@link ConfigProblems} if the file cannot be read or is malformed
 */
export function loadConfig(
  path: string,
  { root, file = path, json }: { root: string; file?: string; json?: boolean },
): LoadedConfig {
  const inBucket = bucketPathMessage(file, json === true ? 'profile' : 'config');
  if (inBucket !== undefined) {
    throw new ConfigProblems([{ file, line: 0, column: 0, path: '', message: inBucket }]);
  }
  const absolute = resolve(root, path);
  const isJson = json ?? extname(absolute) === '.json';
  return parseConfig(
    readConfigText(absolute, file, json === true ? maxProfileBytes : maxConfigBytes),
    { file, path: absolute, json: isJson },
  );
}

/** Like {@link loadConfig}, from a text. */
export function parseConfig(
  text: string,
  { file, path, json = false }: { file: string; path: string; json?: boolean },
): LoadedConfig {
  const lines = new LineCounter();
  const document = parseText(text, lines, file);
  const at = (offset: number, message: string, place = ''): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: place, message: shortened(message, longestMessage) };
  };
  const jsonError = json ? jsonErrorOf(text) : undefined;
  if (jsonError !== undefined) {
    throw new ConfigProblems([at(jsonError.offset, jsonError.message)]);
  }
  const cause = yamlCauseOf(document.errors, text, (error) => quoteOf(error, document));
  if (cause !== undefined) throw new ConfigProblems([at(cause.offset, cause.message)]);
  const size = measure(document.contents);
  if (size.depth > mostDepth) throw new ConfigProblems([at(0, tooDeep)]);
  if (size.merges && size.values > mostValues) throw new ConfigProblems([at(0, tooMany)]);
  const unfit = unfitNodes(document);
  if (unfit.length > 0) {
    throw new ConfigProblems(
      unfit.slice(0, mostErrors).map(([node, message]) => at(node.range?.[0] ?? 0, message)),
    );
  }
  const value = valueOf(document, at);
  if (size.values > mostValues) throw new ConfigProblems([at(0, tooMany)]);
  const offsetOf = offsets(document);
  return {
    file,
    path,
    value,
    problem: (where, message, part = 'value') =>
      at(offsetOf(where, part), message, formatPath(where)),
  };
}

function parseText(text: string, lineCounter: LineCounter, file: string): Document {
  const whole = (message: string): ConfigProblems =>
    new ConfigProblems([{ file, line: 0, column: 0, path: '', message }]);
  const excess = tooMuch(text);
  if (excess !== undefined) throw whole(excess);
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
      uniqueKeys: false,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw whole(tooDeep);
  }
}

/** Where a quote opens that is not closed: its text may end with the file. */
function quoteOf({ pos }: Document['errors'][number], document: Document): number {
  let place = pos[0];
  visit(document, {
    Scalar(_key, { range, type }) {
      if (!type?.startsWith('QUOTE') || range?.[1] !== pos[0]) return undefined;
      [place] = range;
      return visit.BREAK;
    },
  });
  return place;
}

function valueOf(document: Document, at: (offset: number, message: string) => Problem): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount });
    JSON.stringify(value); // Circles have no JSON.
    return value;
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unresolved alias.*: (.+)$/.exec(message)?.[1];
    const excessive = `aliases multiply one anchor more than ${maxAliasCount} times`;
    const circular = 'an alias stands inside its own anchor';
    const reason =
      unknown !== undefined
        ? `no anchor \`&${unknown}\` stands before its alias`
        : message.startsWith('Excessive alias count')
          ? excessive
          : error instanceof RangeError
            ? tooDeep
            : circular;
    throw new ConfigProblems([at(firstAlias(document), reason)]);
  }
}

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias: (_key, node) => {
      offset = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

/** Finds where paths stand. The keys of a mapping are listed once: there may be many, each with a problem. */
function offsets(document: Document): (path: ConfigPath, part: 'key' | 'value') => number {
  const listed = new WeakMap<YAMLMap, Map<unknown, Pair>>();
  const pairOf = (map: YAMLMap, key: unknown): Pair | undefined => {
    let pairs = listed.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((item) => [isScalar(item.key) ? item.key.value : item, item]));
      listed.set(map, pairs);
    }
    return pairs.get(key);
  };
  return (path, part) => {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const [index, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = pairOf(node, step);
        if (pair === undefined) break;
        const key = startOf(pair.key) ?? offset;
        node = pair.value;
        const wantsKey = part === 'key' && index === path.length - 1;
        offset = wantsKey ? key : isEmptyNull(node) ? key : (startOf(node) ?? key);
      } else if (isSeq(node) && typeof step === 'number' && Object.hasOwn(node.items, step)) {
        node = node.items[step];
        offset = startOf(node) ?? offset;
      } else break;
    }
    return offset;
  };
}

/** `key:` with nothing behind it: the null stands nowhere, so show the key. */
function isEmptyNull(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
