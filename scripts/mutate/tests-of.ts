import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

/** Suites of whole stacks, which take minutes: run only where they are asked for. */
const stacks = ['chaos', 'dev', 'examples', 'integration', 'model'];

/**
 * The tests that own a file, as paths below the root: those of the folder of its name, and those that
 * import it.
 * @param file a `.ts` or `.py` file below the root
 */
export async function testsOf(root: string, file: string): Promise<string[]> {
  return file.endsWith('.py') ? pythonTests(root, file) : typescriptTests(root, file);
}

async function typescriptTests(root: string, file: string): Promise<string[]> {
  const mirrored = join('test', dirname(file).split(sep).slice(1).join(sep)) + sep;
  const name = `/${file.split(sep).slice(1).join('/').replace(/\.ts$/, '.js')}'`;
  return chosen(root, 'test', /\.test\.ts$/, (path, text) => {
    if (stacks.includes(path.split(sep)[1] ?? '')) return false;
    return path.startsWith(mirrored) || text.includes(`src${name}`);
  }).then((paths) => paths.map(asBuilt));
}

/** What runs of a test that is named by its source. */
export function asBuilt(path: string): string {
  return path.endsWith('.ts') ? join('dist', path.replace(/\.ts$/, '.js')) : path;
}

function pythonTests(root: string, file: string): Promise<string[]> {
  const stem = basename(file, '.py');
  const imported = new RegExp(`\\b(from|import) [\\w.]*\\b${stem}\\b|import .*\\b${stem}\\b`);
  return chosen(root, 'beam-pipeline', /(^|\/)test_\w+\.py$/, (path, text) => {
    const isNear = dirname(path) === dirname(file) && stem !== '__init__';
    const isInPackage = dirname(file).endsWith(`${sep}beam_pipeline`);
    return (isNear && !isInPackage) || imported.test(text);
  });
}

async function chosen(
  root: string,
  folder: string,
  pattern: RegExp,
  isWanted: (path: string, text: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !pattern.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const below = relative(root, path);
    if (isWanted(below, await readFile(path, 'utf8'))) found.push(below);
  }
  return found.toSorted();
}
