import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { nearMiss } from '../values/near-miss.js';

/** `no such file`, and the file or folder that was most likely meant. */
export function missingFile(path: string): string {
  let missing = path;
  while (!existsSync(dirname(missing))) missing = dirname(missing);
  const folder = dirname(missing);
  const near = nearMiss(basename(missing), namesIn(folder));
  if (near === undefined) return 'no such file';
  const meant = join(folder, near, relative(missing, path));
  return `no such file; did you mean \`${shown(meant)}\`?`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // A file, or a folder that may not be read.
  }
}

function shown(path: string): string {
  const way = relative('', path);
  return way.startsWith('..') ? path : way;
}
