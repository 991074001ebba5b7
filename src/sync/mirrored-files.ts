import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { inspectConfig } from './inspect-config.js';

/** Folders of a project that are mirrored. */
const folders = ['configs', 'examples'];

/** Names of files that hold keys and passwords, as the usual tools name them. */
const credentialNames =
  /(^\.?env$|\.env$|\.pem$|\.key$|\.p12$|\.pfx$|\.jks$|\.keytab$|\.kdbx$|^id_(rsa|dsa|ecdsa|ed25519)|credential|service[-_]?account|secret|password|\.tfstate)/i;

export interface LeftOut {
  /** Relative to the project root. */
  path: string;
  why: string;
}

export interface MirroredFiles {
  /** Paths relative to the project root, sorted. */
  files: string[];
  leftOut: LeftOut[];
}

/**
 * What `beamline sync` mirrors: `configs/`, `examples/` and the `.sql` files that their configs name.
 * What is hidden, holds a secret or looks as if it did is left out, and said to be.
 */
export async function mirroredFiles(root: string): Promise<MirroredFiles> {
  const files = new Set<string>();
  const leftOut = new Map<string, string>();
  const named = new Map<string, string>();
  for (const folder of folders) await walk(resolve(root), folder, files, leftOut);
  for (const path of files) {
    if (!/\.(ya?ml|json)$/i.test(path)) continue;
    const { why, sql } = inspectConfig(root, path);
    if (why !== undefined) {
      leftOut.set(path, why);
      files.delete(path);
    } else for (const file of sql) named.set(file, path);
  }
  for (const [file, config] of named) {
    const path = relative(root, resolve(root, file)).split(sep).join('/');
    if (files.has(path) || leftOut.has(path)) continue;
    const why = file.includes('${') ? 'its name holds an argument' : await whyNotSql(root, path);
    if (why === undefined) files.add(path);
    else leftOut.set(file, `${why} (named by ${config})`);
  }
  return {
    files: [...files].toSorted(),
    leftOut: [...leftOut]
      .map(([path, why]) => ({ path, why }))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

async function walk(
  root: string,
  folder: string,
  files: Set<string>,
  leftOut: Map<string, string>,
): Promise<void> {
  const entries = await readdir(join(root, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of entries) {
    const path = `${folder}/${name}`;
    const why = whyNotName(name) ?? (await whyNotPlace(root, path));
    if (why !== undefined) {
      leftOut.set(path, why);
      continue;
    }
    const found = await stat(join(root, path));
    if (found.isDirectory()) await walk(root, path, files, leftOut);
    else if (found.isFile()) files.add(path);
  }
}

function whyNotName(name: string): string | undefined {
  if (/connections\.json$/i.test(name)) return 'connection profiles are never uploaded';
  if (credentialNames.test(name)) return 'its name is that of credentials';
  if (name.startsWith('.')) return 'hidden';
  if (name === 'node_modules' || name === '__pycache__') return 'made by a tool';
  return undefined;
}

/** Links: a folder is mirrored where it is, and nothing outside of the project is. */
async function whyNotPlace(root: string, path: string): Promise<string | undefined> {
  const place = join(root, path);
  if (!(await lstat(place)).isSymbolicLink()) return undefined;
  try {
    const real = await realpath(place);
    if (!`${real}${sep}`.startsWith(`${await realpath(root)}${sep}`)) {
      return 'a link out of the project';
    }
    if ((await stat(place)).isDirectory()) return 'a link to a folder';
    return whyNotName(basename(real));
  } catch {
    return 'a link that leads nowhere';
  }
}

async function whyNotSql(root: string, path: string): Promise<string | undefined> {
  if (path.startsWith('..') || resolve(root, path) === path) return 'outside of the project';
  const hidden = path
    .split('/')
    .map(whyNotName)
    .find((why) => why !== undefined);
  if (hidden !== undefined) return hidden;
  try {
    if (!(await stat(join(root, path))).isFile()) return 'not a file';
  } catch {
    return 'no such file';
  }
  return whyNotPlace(root, path);
}
