import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { packageRoot } from '../../src/dev/services/tools.js';

/** What imports what, by names: types and `import()` count, too. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/** The files of `src` that each file of it imports, as paths below `src`. */
export function importsOfFiles(): Imports {
  const root = join(packageRoot, 'src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        const named = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)];
        const paths = named.map(([, name = '']) =>
          relative(root, join(root, dirname(file), `${name}.ts`)),
        );
        return [file, new Set(paths.filter((path) => !path.startsWith('..')))];
      }),
  );
}

/** The same of the folders that lie in `src`; or of those that `folderOf` tells, which may lie in these. */
export function importsOfFolders(files: Imports, folderOf = topOf): Imports {
  const folders = new Map<string, Set<string>>();
  for (const [file, imported] of files) {
    const own = folderOf(file);
    const others = folders.get(own) ?? new Set();
    for (const other of imported) if (folderOf(other) !== own) others.add(folderOf(other));
    folders.set(own, others);
  }
  return folders;
}

/** Each runner lies above what asks for runners by their names. */
function topOf(file: string): string {
  const [top = file, ...below] = file.split('/');
  return top === 'runners' && below.length > 1 ? 'runners/*' : top;
}

/** A way that leads back to where it began; undefined if there is none. */
export function circleIn(imports: Imports): string[] | undefined {
  const done = new Set<string>();
  const search = (name: string, way: readonly string[]): string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const next of imports.get(name) ?? []) {
      const circle = search(next, [...way, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of imports.keys()) {
    const circle = search(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
