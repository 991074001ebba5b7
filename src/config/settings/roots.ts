import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { canonicalPath } from '../../destinations/canonical-path.js';
import { loadSettings, settingsName } from './settings.js';
import { shortened } from '../values/values.js';

/** What nobody's rows may be written over, below the project root. */
const ownNames = ['.beamline', '.git', settingsName];

/**
 * Where runs read and write: the project root, then what `beamline.yaml` declares; links resolved.
 * @throws `ConfigProblems` if the settings are wrong
 */
export function allowedRoots(root: string): [string, ...string[]] {
  const declared = loadSettings(root).roots ?? [];
  const real = (folder: string): string => canonicalPath(resolve(root, folder));
  return [real('.'), ...declared.map(real)];
}

/**
 * Why a run may not read or write a path of this machine; undefined if it may. It may below the project
 * root and below the `roots` of `beamline.yaml`, wherever symbolic links lead. The settings are read only
 * for a path that is outside of the project.
 * @param path absolute, or relative to `root`
 * @throws `ConfigProblems` if the settings are needed and wrong
 */
export function outsideRoots(path: string, root: string): string | undefined {
  return rootsCheck(root)(path);
}

/** Says why, as {@link outsideRoots} does, of path after path: the settings are read once, if at all. */
export type RootsCheck = (path: string) => string | undefined;

/** {@link outsideRoots} of many paths. */
export function rootsCheck(root: string): RootsCheck {
  const project = canonicalPath(resolve(root));
  let declared: string[] | undefined;
  return (path) => {
    if (path.includes('\0')) return 'holds a NUL character, which no path has';
    const real = canonicalPath(resolve(root, path));
    if (isBelow(project, real)) return undefined;
    declared ??= allowedRoots(root).slice(1);
    if (declared.some((folder) => isBelow(folder, real))) return undefined;
    const leads = real === resolve(root, path) ? '' : `, which leads to \`${real}\``;
    return (
      `\`${shortened(path, 200)}\`${leads} is outside of the project \`${root}\`, where runs read and write; ` +
      `to allow it, write in the project's ${settingsName}: ${rootsLine([...declared, dirname(real)])}`
    );
  };
}

/** Like {@link outsideRoots}, of a path or pattern that files are read by: what it begins with decides. */
export function patternOutsideRoots(
  pattern: string,
  root: string,
  outsideOf: RootsCheck,
): string | undefined {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  if (first < 0) return outsideOf(pattern);
  if (parts.slice(first).includes('..')) {
    return `\`${shortened(pattern, 200)}\` has \`..\` behind a wildcard: write the folder itself`;
  }
  const folder = parts.slice(0, first).join('/');
  // Of `/*.csv` the folder is `/`, with nothing before it.
  const path = folder === '' && isAbsolute(pattern) ? sep : folder;
  return outsideOf(join(path, '.'))?.replace(rootsAt, () =>
    rootsLine([canonicalPath(resolve(root, path))]),
  );
}

/** Like {@link outsideRoots}, of what is written; Beamline's own files are not. */
export function notWritable(path: string, root: string, outsideOf: RootsCheck): string | undefined {
  const below = relative(canonicalPath(resolve(root)), canonicalPath(resolve(root, path)));
  const [first = ''] = below.split(sep);
  if (ownNames.includes(first))
    return `\`${shortened(path, 200)}\` is not for data: choose another place`;
  return outsideOf(path);
}

/**
 * Why an argument may not be part of a path: with `..` it would lead to another folder than the config
 * names. Undefined if none does.
 * @param written as it stands in the config
 * @param filled with the arguments of a run
 */
export function leadsElsewhere(written: unknown, filled: unknown): string | undefined {
  if (typeof written !== 'string' || typeof filled !== 'string') return undefined;
  if (ups(filled) <= ups(written)) return undefined;
  return `an argument leads to another folder, by \`..\`: \`${shortened(filled, 200)}\``;
}

function ups(path: string): number {
  return path.split(/[/\\]/).filter((part) => part === '..').length;
}

const rootsAt = /roots: \[.*\]$/;

function rootsLine(folders: readonly string[]): string {
  return `roots: [${folders.map((folder) => JSON.stringify(folder)).join(', ')}]`;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
