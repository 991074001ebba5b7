import { randomBytes } from 'node:crypto';
import { access, constants, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { canonicalPath } from '../canonical-path.js';
import { failure } from '../../shared/failures.js';

/**
 * A destination's folder:
 * ```
 * v<N>-<unique>/            data of version N
 * current                   symbolic link to the newest one
 * _beamline/<N>.json        commit of version N, made exclusively
 * _beamline/attempt-v<N>-…/ one publisher's private folder, and its claim to v<N>-…
 * ```
 * Two attempts at one version never share a folder: what a commit names is what it wrote.
 */
export interface Folder {
  /** Absolute path. */
  root: string;
  log: string;
  current: string;
}

export function folderAt(root: string): Folder {
  return { root, log: join(root, '_beamline'), current: join(root, 'current') };
}

/** A name for one attempt at a version. */
export function newVersionFolder(version: number): string {
  return `v${version}-${randomBytes(4).toString('hex')}`;
}

/**
 * Refuses a folder that holds somebody else's files; changes nothing.
 * @returns whether it has been published to before
 */
export async function assertOurs(folder: Folder, projectRoot: string): Promise<boolean> {
  const path = canonicalPath(folder.root);
  const project = canonicalPath(projectRoot);
  if (isInside(project, path)) {
    throw refused(folder, 'is the project root, or a folder above it');
  }
  if (isInside(path, join(project, '.beamline'))) {
    throw refused(folder, "is inside Beamline's own `.beamline`");
  }
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    if (await isFolder(join(above, '_beamline'))) {
      throw refused(folder, `is inside another \`files\` destination, ${above}`);
    }
  }
  const names = await readdir(folder.root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (names === null) {
    await assertCreatable(dirname(path));
    return false;
  }
  await access(folder.root, constants.W_OK);
  if (names.length === 0) return false;
  if (!(await isFolder(folder.log))) {
    const some = names.toSorted().slice(0, 3).join(', ');
    throw refused(folder, `holds files that Beamline did not write (${some})`);
  }
  const current = await lstat(folder.current).catch(() => null);
  if (current && !current.isSymbolicLink()) {
    throw refused(folder, 'has a `current` that is no symbolic link');
  }
  return true;
}

/** Makes the folder and its log. */
export async function makeFolder({ log }: Folder): Promise<void> {
  await mkdir(log, { recursive: true });
}

/** The nearest folder that exists must allow a new one in it. */
async function assertCreatable(folder: string): Promise<void> {
  for (let above = folder; ; above = dirname(above)) {
    try {
      await access(above, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!missing || above === dirname(above)) throw error;
    }
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../'));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function refused({ root }: Folder, why: string): Error {
  return failure(
    'ConfigError',
    `${root} ${why}: nothing was written. Give the sink an empty folder of its own as \`path\`.`,
  );
}
