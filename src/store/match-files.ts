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
  await walk(root, '', parts, found, new Set());
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

async function walk(
  root: string,
  folder: string,
  [part, ...rest]: readonly string[],
  found: Set<string>,
  above: ReadonlySet<string>,
): Promise<void> {
  if (part === undefined) return;
  if (part === '**') {
    if (rest.length > 0) await walk(root, folder, rest, found, above);
    const real = await realpath(join(root, folder));
    if (above.has(real)) return; // A link to a folder above it.
    for (const name of await namesIn(join(root, folder))) {
      if (name.startsWith('.')) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const kind = await kindOf(join(root, path));
      if (kind === 'file' && rest.length === 0) found.add(path);
      if (kind === 'folder') {
        await walk(root, path, [part, ...rest], found, new Set(above).add(real));
      }
    }
    return;
  }
  const names = /[*?[]/.test(part) ? matching(part, await namesIn(join(root, folder))) : [part];
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = await kindOf(join(root, path));
    if (kind === 'file' && rest.length === 0) found.add(path);
    if (kind === 'folder') await walk(root, path, rest, found, above);
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

/** A regular expression for one part of a path. */
function patternOf(part: string): string {
  return part.replaceAll(/\*+|\?|\[(!?)(\]?[^\]]*)\]|[\\^$.|+(){}[\]]/g, (sign, not, members) => {
    if (sign.startsWith('*')) return '.*';
    if (sign === '?') return '.';
    if (typeof members !== 'string') return `\\${sign}`;
    return `[${not === '!' ? '^' : ''}${members.replaceAll(/[\\^\][]/g, '\\$&')}]`;
  });
}
