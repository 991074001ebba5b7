import { readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import {
  LineCounter,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { bucketPathMessage } from './bucket-path.js';
import { jsonErrorOf } from './json-error.js';
import { missingFile } from './missing-file.js';
import { ConfigProblems, formatPath, type ConfigPath, type Problem } from './problems.js';

/** A config must be smaller than this: 10 MB. */
export const maxConfigBytes = 10_000_000;
/** Aliases may multiply one anchor at most this often. */
const maxAliasCount = 100;

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
  return parseConfig(readText(absolute, file), { file, path: absolute, json: isJson });
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
    return { file, line, column: col, path: place, message };
  };
  const jsonError = json ? jsonErrorOf(text) : undefined;
  if (jsonError !== undefined) {
    throw new ConfigProblems([at(jsonError.offset, jsonError.message)]);
  }
  if (document.errors.length > 0) {
    throw new ConfigProblems(
      document.errors.map((error) => at(error.pos[0], yamlMessage(error.code, error.message))),
    );
  }
  const unfit = unfitNodes(document).map(([node, message]) => at(node.range?.[0] ?? 0, message));
  if (unfit.length > 0) throw new ConfigProblems(unfit);
  return {
    file,
    path,
    value: valueOf(document, at),
    problem: (where, message, part = 'value') =>
      at(offsetOf(document, where, part), message, formatPath(where)),
  };
}

function parseText(text: string, lineCounter: LineCounter, file: string): Document {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, merge: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = 'is nested too deeply';
    throw new ConfigProblems([{ file, line: 0, column: 0, path: '', message }]);
  }
}

function readText(path: string, file: string): string {
  const whole = (message: string): ConfigProblems =>
    new ConfigProblems([{ file, line: 0, column: 0, path: '', message }]);
  try {
    const { size } = statSync(path);
    if (size >= maxConfigBytes) {
      throw whole(
        `the file has ${size} bytes; a config must have fewer than ${maxConfigBytes}. ` +
          'Long SQL goes into a .sql file, data into a file that a source reads',
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw whole(missingFile(path));
    if (code === 'EISDIR') throw whole('is a folder; name a config file');
    if (code === 'EACCES' || code === 'EPERM') throw whole('may not be read: permission denied');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw whole('is not UTF-8 text');
    throw error;
  }
}

function yamlMessage(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key stands twice in the same mapping; keep one';
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces';
    case 'MULTIPLE_DOCS':
      return 'a second YAML document starts here; a config is one document';
    case 'NON_STRING_KEY':
      return 'a key must be text';
    default:
      return `malformed YAML: ${message.split('\n')[0] ?? message}`;
  }
}

/** Values that plain data cannot hold exactly, tags that mean nothing here, values cut at a comma. */
function unfitNodes(document: Document): [Node, string][] {
  const unfit: [Node, string][] = [];
  visit(document, {
    Node: (_key, node) => {
      if (isMap(node) && node.flow === true) unfit.push(...keysAlone(node));
      if (isScalar(node) && typeof node.value === 'number') {
        if (!Number.isFinite(node.value)) unfit.push([node, 'must be a finite number']);
        else if (isWhole(node.source) && !Number.isSafeInteger(node.value)) {
          unfit.push([node, 'a number this large would be rounded; write it in quotes']);
        }
      } else if (!isAlias(node) && node.tag !== undefined && !knownTag(node)) {
        unfit.push([node, `unknown tag ${node.tag}`]);
      }
    },
  });
  return unfit;
}

/** `{ query: select a, b from t }` is a mapping of two keys, the second without a value. */
function keysAlone({ items }: YAMLMap): [Node, string][] {
  return items
    .filter(({ key, value }) => value === null && isScalar(key))
    .map(({ key }) => {
      const text = String((key as Scalar).value);
      const message = `\`${text}\` is a key without a value: in { … } a comma ends a value; put one that holds a comma in quotes`;
      return [key as Scalar, message];
    });
}

function isWhole(source: string | undefined): boolean {
  return /^[-+]?(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source ?? '');
}

function knownTag(node: Node): boolean {
  const known = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq|merge)$/;
  return known.test(('tag' in node ? node.tag : undefined) ?? '');
}

function valueOf(document: Document, at: (offset: number, message: string) => Problem): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount });
    JSON.stringify(value);
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
            ? 'is nested too deeply'
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

function offsetOf(document: Document, path: ConfigPath, part: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!isPair(pair)) break;
      const key = startOf(pair.key) ?? offset;
      node = pair.value;
      const wantsKey = part === 'key' && index === path.length - 1;
      offset = wantsKey ? key : isEmptyNull(node) ? key : (startOf(node) ?? key);
    } else if (isSeq(node) && typeof step === 'number' && step in node.items) {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

/** `key:` with nothing behind it: the null stands nowhere, so show the key. */
function isEmptyNull(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
