import { readdir, realpath, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';

/**
 * The files that a pattern names, as `glob.glob(pattern, recursive=True)` of Python finds them, which
 * local runs use: `*`, `?`, `[…]`, `[!…]`, and `**` for folders at any depth; what begins with a dot
 * is found only by a pattern that begins with one.
 * @param pattern relative to `root`, with `/` between its parts
 * @returns paths relative to `root`, sorted by code unit
 */
export async function matchFiles(root: string, pattern: string): Promise<string[]> {
  const parts = normalize(pattern)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  const found = new Set<string>();
  await walk({ root, found, done: new Set() }, '', parts, new Set());
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

interface Search {
  root: string;
  found: Set<string>;
  /** Folders that were searched, each with how much of the pattern was left. */
  done: Set<string>;
}

async function walk(
  search: Search,
  folder: string,
  [part, ...rest]: readonly string[],
  above: ReadonlySet<string>,
): Promise<void> {
  const { root, found, done } = search;
  const key = `${rest.length} ${folder}`;
  if (part === undefined || done.has(key)) return;
  done.add(key);
  if (part === '**') {
    if (rest.length > 0) await walk(search, folder, rest, above);
    const real = await realpath(join(root, folder));
    if (above.has(real)) return; // A link to a folder above it.
    for (const name of await namesIn(join(root, folder))) {
      if (name.startsWith('.')) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const kind = await kindOf(join(root, path));
      if (kind === 'file' && rest.length === 0) found.add(path);
      if (kind === 'folder') {
        await walk(search, path, [part, ...rest], new Set(above).add(real));
      }
    }
    return;
  }
  const names = /[*?[]/.test(part) ? matching(part, await namesIn(join(root, folder))) : [part];
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = await kindOf(join(root, path));
    if (kind === 'file' && rest.length === 0) found.add(path);
    if (kind === 'folder') await walk(search, path, rest, above);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

/** What a path leads to, links followed; null for nothing, and for devices and the like. */
async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    const found = await stat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'folder' : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return null;
    throw error;
  }
}

function matching(part: string, names: readonly string[]): string[] {
  const pattern = new RegExp(`^${patternOf(part)}$`, 's');
  return names.filter(
    (name) => (part.startsWith('.') || !name.startsWith('.')) && pattern.test(name),
  );
}

/**
 * A regular expression for one part of a path. Of each `*` but the last the first fit is taken (a lookahead
 * never goes back): another one could not make more names fit, and trying all takes for ever.
 */
function patternOf(part: string): string {
  const pieces = [''];
  const add = (text: string): void => {
    pieces[pieces.length - 1] += text;
  };
  for (const [sign, not, members] of part.matchAll(/\*+|\[(!?)(\]?[^\]]*)\]|[^]/g)) {
    if (sign.startsWith('*')) pieces.push('');
    else if (sign === '?') add('.');
    else if (members !== undefined) {
      add(`[${not === '!' ? '^' : ''}${members.replaceAll(/[\\^\][]/g, '\\$&')}]`);
    } else add(sign.replace(/[\\^$.|+(){}[\]]/, '\\$&'));
  }
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return first;
  const middle = rest.map((piece, index) => `(?=(.*?${piece}))\\${index + 1}`);
  return `${first}${middle.join('')}.*${last}`;
}
