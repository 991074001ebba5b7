import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { loadConfig, maxConfigBytes, type LoadedConfig } from '../config/document/document.js';
import { missingFile } from '../config/document/missing-file.js';
import { ConfigProblems, type Problem } from '../config/document/problems.js';
import { settingsName } from '../config/settings/settings.js';
import { isMapping } from '../config/values/values.js';
import { canonicalPath } from '../destinations/canonical-path.js';
import { profilesName } from '../shared/names.js';
import { number } from '../shared/counts.js';

/** The configs below some paths. */
export interface ConfigFiles {
  /** Pipelines, in the order of their paths. */
  configs: { path: string; loaded: LoadedConfig }[];
  problems: Problem[];
  /** Whether a config of this path (relative to the project root) is, or would be, among them. */
  covers(path: string): boolean;
}

/** A file that is, or may be, a config. */
export interface ConfigFile {
  /** Relative to the project root, with `/`, if the root contains it. */
  path: string;
  /** As a person would name it. */
  shown: string;
  /** Whether it was named itself; else it is of a folder that was. */
  isNamed: boolean;
}

export interface FoundFiles {
  /** In the order of the names that were given, without any twice. */
  files: ConfigFile[];
  /** The folders that were named, relative to the project root. */
  folders: string[];
}

/** So many files below the named folders are looked at, and so many bytes of YAML and JSON are read. */
const mostEntries = 100_000;
const mostBytes = 100_000_000;

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
  const { files, folders } = findConfigFiles(paths, { root, folder });
  const missing = files.flatMap(({ shown }): Problem[] => {
    const path = resolve(folder, shown);
    if (existsSync(path)) return [];
    return [{ file: shown, line: 0, column: 0, path: '', message: missingFile(path) }];
  });
  if (missing.length > 0) throw new ConfigProblems(missing);
  const known = new Set(files.map(({ path }) => path));
  const found: ConfigFiles = {
    configs: [],
    problems: [],
    covers: (path) =>
      known.has(path) ||
      folders.some((below) => below === '' || path === below || path.startsWith(`${below}/`)),
  };
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    try {
      const loaded = loadConfig(resolve(root, file.path), { root, file: file.shown });
      if (file.isNamed || isPipeline(loaded.value)) found.configs.push({ path: file.path, loaded });
    } catch (error) {
      if (!(error instanceof ConfigProblems)) throw error;
      found.problems.push(...error.problems);
    }
  }
  return found;
}

/**
 * The files that are named, whether they are there or not, and the YAML and JSON files in the folders that
 * are named, but for hidden ones, connection profiles and the project's settings.
 * @param paths absolute, or relative to `folder`
 * @throws `ConfigProblems` if a folder holds too much to be one of configs
 */
export function findConfigFiles(
  paths: readonly string[],
  { root, folder }: { root: string; folder: string },
): FoundFiles {
  const files = new Map<string, ConfigFile>();
  const folders: string[] = [];
  const budget = { entries: mostEntries, bytes: mostBytes };
  for (const given of paths) {
    const absolute = resolve(folder, given);
    const path = projectPath(root, absolute);
    if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true) {
      files.set(path, { path, shown: given, isNamed: true });
      continue;
    }
    folders.push(path);
    for (const file of filesBelow(absolute, given, budget)) {
      const below = projectPath(root, file);
      const shown = join(given, relative(absolute, file));
      if (!files.has(below)) files.set(below, { path: below, shown, isNamed: false });
    }
  }
  return { files: [...files.values()], folders };
}

function filesBelow(
  folder: string,
  given: string,
  budget: { entries: number; bytes: number },
): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  budget.entries -= entries.length;
  const files = entries.flatMap((entry) => {
    const { name } = entry;
    const path = join(folder, name);
    if (name.startsWith('.') || name === 'node_modules') return [];
    const isFolder = entry.isDirectory();
    if (isFolder && budget.entries >= 0) return filesBelow(path, given, budget);
    const isConfig = /\.(ya?ml|json)$/i.test(name) && !name.endsWith(profilesName.slice(1));
    if (isFolder || !isConfig || name === settingsName) return [];
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return [];
    if (stat.size < maxConfigBytes) budget.bytes -= stat.size;
    return [path];
  });
  if (budget.entries >= 0 && budget.bytes >= 0) return files;
  const most =
    budget.entries < 0
      ? `${number(mostEntries)} files and folders`
      : `${number(mostBytes)} bytes of YAML and JSON`;
  const message = `more than ${most} are below it; name the folders and files that are configs`;
  throw new ConfigProblems([{ file: given, line: 0, column: 0, path: '', message }]);
}

/** Whether a file of a folder of configs is one. */
export function isPipeline(value: unknown): boolean {
  return isMapping(value) && ['sources', 'sinks', 'schedule'].some((key) => key in value);
}

/** Relative to the root, with `/`, if the root contains it: the worker's root may be elsewhere. */
function projectPath(root: string, absolute: string): string {
  const below = relative(realpathSync(root), canonicalPath(absolute));
  return below.startsWith('..') ? absolute : below.split(sep).join('/');
}
