import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig, type LoadedConfig } from '../config/document/document.js';
import { missingFile } from '../config/document/missing-file.js';
import { ConfigProblems, type Problem } from '../config/document/problems.js';
import { isMapping } from '../config/values/values.js';

/** A file that was found, and what it is. */
export type FoundFile =
  | { kind: 'pipeline' | 'profiles' | 'other'; file: string; loaded: LoadedConfig }
  | { kind: 'unreadable'; file: string; problems: readonly Problem[] };

/**
 * The named file, or every `.json`, `.yaml` and `.yml` file below the named folder, in the order of the names.
 *
 * @param path as a person gave it, from the working directory
 * @throws `ConfigProblems` if there is nothing of that name
 */
export function findFiles(path: string, root: string): FoundFile[] {
  const stat = statSync(resolve(path), { throwIfNoEntry: false });
  if (stat === undefined) {
    const message = missingFile(resolve(path));
    throw new ConfigProblems([{ file: path, line: 0, column: 0, path: '', message }]);
  }
  if (!stat.isDirectory()) return [load(path, root, 'pipeline')];
  return filesBelow(path).map((file) => load(file, root, 'other'));
}

/** @param otherwise what a file is that shows neither steps nor connections */
function load(file: string, root: string, otherwise: 'pipeline' | 'other'): FoundFile {
  try {
    const loaded = loadConfig(resolve(file), { root, file });
    return { kind: kindOf(loaded.value) ?? otherwise, file, loaded };
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return { kind: 'unreadable', file, problems: error.problems };
  }
}

function kindOf(value: unknown): 'pipeline' | 'profiles' | undefined {
  if (!isMapping(value)) return undefined;
  if ('sources' in value || 'sinks' in value) return 'pipeline';
  const profiles = Object.values(value);
  return profiles.length > 0 && profiles.every(isProfile) ? 'profiles' : undefined;
}

function isProfile(value: unknown): boolean {
  return isMapping(value) && 'host' in value && 'user' in value;
}

/** Hidden folders and installed packages are left out; a profiles file may be hidden. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesBelow(path);
      }
      return entry.isFile() && /\.(json|ya?ml)$/i.test(entry.name) ? [path] : [];
    });
}
