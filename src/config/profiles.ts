import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { loadConfig, type LoadedConfig } from './document.js';
import { suggestion } from './near-miss.js';
import type { Problem } from './problems.js';
import type { Step } from './steps.js';
import { isMapping } from './values.js';

/** Name of the connection profiles beside a config, or in the project root. */
export const profilesName = '.connections.json';

/**
 * Loads the connection profiles that a config uses: the named file, else `.connections.json` beside
 * the config, else in the project root; undefined if there is none.
 * @param profile path as given by a person, relative to `root`
 * @throws `ConfigProblems` if the file is missing, malformed or no mapping of profiles
 */
export function loadProfiles(
  loaded: LoadedConfig,
  { root, profile }: { root: string; profile?: string | undefined },
): LoadedConfig | undefined {
  if (profile !== undefined) return loadConfig(profile, { root });
  const found = [dirname(loaded.path), root]
    .map((folder) => join(folder, profilesName))
    .find((path) => existsSync(path));
  return found === undefined
    ? undefined
    : loadConfig(found, { root, file: relative(resolve(root), found) });
}

/** The keys of the profiles. */
export function profileKeys(profiles: LoadedConfig): string[] {
  return isMapping(profiles.value) ? Object.keys(profiles.value) : [];
}

/** What is wrong with the profiles file itself. Shows no value of it. */
export function profileProblems(profiles: LoadedConfig): Problem[] {
  if (!isMapping(profiles.value)) {
    return [profiles.problem([], 'must be a mapping: {"key": {"host": …, "port": …, …}}')];
  }
  return Object.entries(profiles.value).flatMap(([key, attributes]) =>
    isMapping(attributes)
      ? []
      : [profiles.problem([key], 'must be a mapping of host, port, database, user, password')],
  );
}

/**
 * Steps that name a profile which is not there.
 * @param required whether a config that names profiles needs the file; else they are not checked
 */
export function unknownProfiles(
  loaded: LoadedConfig,
  steps: readonly Step[],
  { profiles, required }: { profiles: LoadedConfig | undefined; required: boolean },
): Problem[] {
  return steps.flatMap((step) => {
    const key = step.parameters['profile'];
    if (step.kind === 'sink' || typeof key !== 'string') return [];
    const path = [...step.path, 'parameters', 'profile'];
    if (profiles === undefined) {
      const message =
        `there are no connection profiles to find \`${key}\` in: put a ${profilesName} beside the ` +
        'config or in the project root, or name the file with --profile';
      return required ? [loaded.problem(path, message)] : [];
    }
    const keys = profileKeys(profiles);
    if (keys.includes(key)) return [];
    return [
      loaded.problem(
        path,
        `no profile is named \`${key}\` in ${profiles.file}${suggestion(key, keys)}`,
      ),
    ];
  });
}
