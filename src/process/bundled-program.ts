import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = dirname(fileURLToPath(new URL('.', import.meta.url)));

/**
 * The file of a program to start: the bundle that `scripts/bundle-programs.mjs` made, which starts in half of the
 * time, unless code is newer than it.
 * @param main below `dist/src`
 */
export function programFile(name: 'cli' | 'publisher', main: string): string {
  const bundle = join(dirname(source), 'programs', `${name}.js`);
  return isCurrent(bundle, [source]) ? bundle : join(source, main);
}

/** Whether a bundle is there and as new as all code in these folders, whatever folder of theirs it is in. */
export function isCurrent(bundle: string, folders: readonly string[]): boolean {
  const at = modified(bundle);
  return folders.every((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .every((name) => modified(join(folder, name)) <= at),
  );
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
