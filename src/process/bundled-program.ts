import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The file of a program to start: the bundle that `scripts/bundle-programs.mjs` made, which starts in half of the
 * time, unless code was compiled after it, which the compiler's `.tsbuildinfo` tells.
 * @param main below `src` of what was built
 * @param dist the folder of what was built
 */
export function programFile(name: 'cli' | 'publisher', main: string, dist = own): string {
  const bundle = join(dist, 'programs', `${name}.js`);
  const [made, compiled] = [modified(bundle), modified(join(dist, '.tsbuildinfo'))];
  return made !== null && made >= (compiled ?? 0) ? bundle : join(dist, 'src', main);
}

/** Milliseconds since 1970; null if there is no such file, such as what a package leaves out. */
function modified(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
