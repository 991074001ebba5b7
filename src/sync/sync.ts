import { join } from 'node:path';
import { faultPoint } from '../process/fault-point.js';
import { bounded } from '../store/bounded.js';
import { hashesOf } from '../store/file-hashes.js';
import { pathBelow } from '../store/gs-uri.js';
import {
  objectPaths,
  PreconditionFailed,
  type ObjectInfo,
  type ObjectStore,
} from '../store/object-store.js';

/** Requests in flight at once. */
const requests = 8;
/** Metadata of an object that a sync uploaded: by whom, and what. */
const ownerLabel = 'beamline-owner';
const hashLabel = 'beamline-sha256';

/**
 * What a sync does, or would do, with one path:
 * - `create`, `update`, `delete`;
 * - `stale`: it is gone here, and stays there without `remove`;
 * - `foreign`: there is an object of that name that no sync of this owner uploaded; it is left alone;
 * - `conflict`: it was changed meanwhile, here or by another sync; it is left alone.
 */
export type SyncKind = 'create' | 'update' | 'delete' | 'stale' | 'foreign' | 'conflict';

export interface SyncChange {
  /** Relative to the project root. */
  path: string;
  kind: SyncKind;
}

export interface SyncResult {
  /** Sorted by path. */
  changes: SyncChange[];
  unchanged: number;
}

export interface SyncOptions {
  root: string;
  /** `gs://bucket/prefix`. */
  store: string;
  /** Names the installation: only what it uploaded is overwritten or deleted. */
  owner: string;
  /** Paths to mirror, relative to the root. */
  files: readonly string[];
  /** Delete what was uploaded before and is not among the files any more. */
  remove: boolean;
  /** Change nothing. */
  dryRun: boolean;
}

/**
 * Makes the mirror of a project in the store equal to its files, by their contents.
 *
 * Each write and deletion holds only for the generation that was compared, so that of two syncs at
 * once one wins each object and the other says so; a sync that is killed is finished by the next.
 */
export async function sync(objects: ObjectStore, options: SyncOptions): Promise<SyncResult> {
  const { files, owner, remove } = options;
  const mirror = objectPaths.mirror(options.store);
  const there = new Map<string, ObjectInfo>();
  for await (const info of objects.list(`${mirror}/`)) {
    const path = pathBelow(mirror, info.uri);
    if (path !== null) there.set(path, info);
  }
  const uploads = await bounded(requests, files, (path) =>
    uploadOne(objects, path, there.get(path), options),
  );
  const here = new Set(files);
  const stale = [...there].filter(
    ([path, { metadata }]) => !here.has(path) && metadata[ownerLabel] === owner,
  );
  const deletions = await bounded(requests, stale, async ([path, info]): Promise<SyncChange> => {
    if (!remove) return { path, kind: 'stale' };
    return { path, kind: await deleteOne(objects, info, options) };
  });
  const changes = [...uploads.filter((change) => change !== null), ...deletions];
  return {
    changes: changes.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    unchanged: uploads.filter((change) => change === null).length,
  };
}

/** Null if the object is there already. */
async function uploadOne(
  objects: ObjectStore,
  path: string,
  info: ObjectInfo | undefined,
  { root, store, owner, dryRun }: SyncOptions,
): Promise<SyncChange | null> {
  const file = join(root, path);
  const { md5, sha256 } = await hashesOf(file);
  const isSame = (found: ObjectInfo): boolean =>
    found.md5 === null ? found.metadata[hashLabel] === sha256 : found.md5 === md5;
  if (info !== undefined && isSame(info)) return null;
  if (info !== undefined && info.metadata[ownerLabel] !== owner) return { path, kind: 'foreign' };
  const kind = info === undefined ? 'create' : 'update';
  if (dryRun) return { path, kind };
  const uri = `${objectPaths.mirror(store)}/${path}`;
  try {
    await objects.upload(file, uri, {
      ifGeneration: info?.generation ?? '0',
      metadata: { [ownerLabel]: owner, [hashLabel]: sha256 },
      md5,
    });
  } catch (error) {
    if (error instanceof PreconditionFailed) {
      const now = await objects.stat(uri);
      return now !== null && isSame(now) ? null : { path, kind: 'conflict' };
    }
    if ((await hashesOf(file)).md5 !== md5) return { path, kind: 'conflict' };
    throw error;
  }
  await faultPoint('sync:uploaded');
  return { path, kind };
}

async function deleteOne(
  objects: ObjectStore,
  { uri, generation }: ObjectInfo,
  { dryRun }: SyncOptions,
): Promise<SyncKind> {
  if (dryRun) return 'delete';
  try {
    await objects.remove(uri, { ifGeneration: generation });
    return 'delete';
  } catch (error) {
    if (error instanceof PreconditionFailed) return 'conflict';
    throw error;
  }
}
