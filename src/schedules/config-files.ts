import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { loadConfig, type LoadedConfig } from '../config/document.js';
import { missingFile } from '../config/missing-file.js';
import { ConfigProblems, type Problem } from '../config/problems.js';
import { isMapping } from '../config/values.js';
import { profilesName } from '../shared/names.js';

/** The configs below some paths. */
export interface ConfigFiles {
  /** Pipelines, in the order of their paths. */
  configs: { path: string; loaded: LoadedConfig }[];
  problems: Problem[];
  /** Whether a config of this path (relative to the project root) is, or would be, among them. */
  covers(path: string): boolean;
}

/**
 * Loads the configs that are named, and those in the folders that are named: `.yaml`, `.yml` and `.json`
 * files that have `sources`, `sinks` or a `schedule`; hidden ones and connection profiles are left out.
 * @param paths absolute, or relative to `folder`
 * @throws `ConfigProblems` if a path does not exist
 */
export function loadConfigFiles(
  paths: readonly string[],
  { root, folder }: { root: string; folder: string },
): ConfigFiles {
  const files = new Map<string, { shown: string; isNamed: boolean }>();
  const folders: string[] = [];
  const missing: Problem[] = [];
  for (const given of paths) {
    const absolute = resolve(folder, given);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) {
      const message = missingFile(absolute);
      missing.push({ file: given, line: 0, column: 0, path: '', message });
    } else if (stat.isDirectory()) {
      folders.push(projectPath(root, absolute));
      for (const file of filesBelow(absolute)) {
        const path = projectPath(root, file);
        const shown = join(given, relative(absolute, file));
        if (!files.has(path)) files.set(path, { shown, isNamed: false });
      }
    } else files.set(projectPath(root, absolute), { shown: given, isNamed: true });
  }
  if (missing.length > 0) throw new ConfigProblems(missing);
  const found: ConfigFiles = {
    configs: [],
    problems: [],
    covers: (path) =>
      files.has(path) ||
      folders.some((below) => below === '' || path === below || path.startsWith(`${below}/`)),
  };
  for (const [path, { shown, isNamed }] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const loaded = loadConfig(resolve(root, path), { root, file: shown });
      if (isNamed || isPipeline(loaded.value)) found.configs.push({ path, loaded });
    } catch (error) {
      if (!(error instanceof ConfigProblems)) throw error;
      found.problems.push(...error.problems);
    }
  }
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    const path = join(folder, name);
    if (name.startsWith('.') || name === 'node_modules') return [];
    const kind = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (kind?.isDirectory() === true) return entry.isSymbolicLink() ? [] : filesBelow(path);
    const isConfig = /\.(ya?ml|json)$/i.test(name) && !name.endsWith(profilesName.slice(1));
    return kind?.isFile() === true && isConfig ? [path] : [];
  });
}

function isPipeline(value: unknown): boolean {
  return isMapping(value) && ['sources', 'sinks', 'schedule'].some((key) => key in value);
}

/** Relative to the root, with `/`, if the root contains it: the worker's root may be elsewhere. */
function projectPath(root: string, absolute: string): string {
  const below = relative(realpathSync(root), realpathSync(absolute));
  return below.startsWith('..') ? absolute : below.split(sep).join('/');
}
