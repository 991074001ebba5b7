import { resolve } from 'node:path';
import {
  ConfigProblems,
  checkConfig,
  loadCatalogue,
  loadConfig,
  type Catalogue,
  type LoadedConfig,
  type Problem,
} from '../../config/index.js';
import { sortProblems } from '../../config/document/problems.js';
import { findConfigFiles, isPipeline } from '../../schedules/config-files.js';
import { Clashes } from './clashes.js';

export interface ValidateOptions {
  root: string;
  arg: Record<string, string>;
  profile?: string | undefined;
}

interface Context {
  catalogue: Catalogue;
  clashes: Clashes;
}

/** What is wrong with one file. */
export interface Verdict {
  /** As the person named it, or its folder. */
  file: string;
  problems: Problem[];
  /** Profile keys that were not looked up, as there is no profiles file. */
  unchecked: string[];
}

export interface Verdicts {
  files: Verdict[];
  /** Files of the named folders that are no configs. */
  leftOut: string[];
}

/** Checks the configs that are named, and those below the folders that are named; one at a time. */
export async function verdictsOf(
  paths: readonly string[],
  options: ValidateOptions,
): Promise<Verdicts> {
  const { root } = options;
  const context = { ...options, catalogue: loadCatalogue(root), clashes: new Clashes(root) };
  const verdicts: Verdicts = { files: [], leftOut: [] };
  try {
    const { files } = findConfigFiles(paths, { root, folder: process.cwd() });
    for (const { shown, isNamed } of files) {
      const verdict = await verdictOn(shown, isNamed, context);
      if (verdict === null) verdicts.leftOut.push(shown);
      else verdicts.files.push(verdict);
    }
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const [{ file } = { file: '' }] = error.problems;
    verdicts.files.push({ file, problems: [...error.problems], unchecked: [] });
  }
  if (verdicts.files.length === 0) verdicts.files.push(...paths.map(noConfigIn));
  return verdicts;
}

/** Null for a file of a folder that is no config. */
async function verdictOn(
  file: string,
  isNamed: boolean,
  { root, arg, profile: given, catalogue, clashes }: ValidateOptions & Context,
): Promise<Verdict | null> {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(resolve(file), { root, file });
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return { file, problems: [...error.problems], unchecked: [] };
  }
  if (!isNamed && !isPipeline(loaded.value)) return null;
  const profile = given === undefined ? undefined : resolve(given);
  const checked = await checkConfig(loaded, { root, args: arg, profile, catalogue });
  return {
    file,
    problems: sortProblems([...checked.problems, ...clashes.of(loaded, checked)]),
    unchecked: checked.notLookedUp,
  };
}

function noConfigIn(file: string): Verdict {
  const message =
    'no config is below it: no YAML or JSON file has `sources`, `sinks` or a `schedule`';
  return { file, problems: [{ file, line: 0, column: 0, path: '', message }], unchecked: [] };
}
