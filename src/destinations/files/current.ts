import { randomBytes } from 'node:crypto';
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import type { Folder } from './folder.js';
import { newestData, readRecords, type CommitRecord } from './records.js';
import { syncPath } from './sync.js';

const mostTries = 100;

/**
 * Makes `current` show the newest version that the records name, and removes what no reader and no
 * publisher can need any more. Anyone may call it at any time: it repairs what a crash left.
 */
export async function settle(folder: Folder): Promise<void> {
  await showNewest(folder);
  await removeOld(folder, await readRecords(folder));
}

/**
 * Swaps `current` until it shows the newest version.
 *
 * A publisher may sleep at any line and wake after newer ones. Its link for an older version is
 * made under a name that newer ones remove, and it looks at the records again before it swaps: so
 * it either swaps before them or not at all.
 */
async function showNewest(folder: Folder): Promise<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    const target = newestData(await readRecords(folder));
    if (!target) return;
    await removeOlderLinks(folder, target.version);
    if ((await readlink(folder.current).catch(() => null)) === target.folder) return;
    const link = join(folder.log, `current-v${target.version}-${randomBytes(4).toString('hex')}`);
    try {
      await symlink(target.folder, link);
      if (newestData(await readRecords(folder))?.version === target.version) {
        await faultPoint('publisher:files:before-swap');
        await rename(link, folder.current);
        await faultPoint('publisher:files:swapped');
        await syncPath(folder.root);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      await rm(link, { force: true });
    }
  }
  throw failure('InternalError', `${folder.current} kept changing: ${mostTries} tries`);
}

async function removeOlderLinks({ log }: Folder, version: number): Promise<void> {
  for (const name of await readdir(log)) {
    const found = /^current-v(\d+)-/.exec(name)?.[1];
    if (found !== undefined && Number(found) < version) await rm(join(log, name), { force: true });
  }
}

/**
 * Keeps the newest version and the one before it. Removes older ones, and what crashed or late
 * attempts left: an attempt at a version that is taken can never commit.
 */
async function removeOld(folder: Folder, records: readonly CommitRecord[]): Promise<void> {
  const taken = records.at(-1)?.version ?? 0;
  const committed = records.flatMap((record) => (record.kind === 'commit' ? [record.folder] : []));
  const kept = new Set(committed.slice(-2));
  const present = new Set(await readdir(folder.root));
  const removed = new Set(committed.filter((name) => !kept.has(name) && present.has(name)));
  const leftovers: string[] = [];
  for (const name of await readdir(folder.log)) {
    const [, kind, own, version] = /^(attempt|record|current)-(v(\d+)-[0-9a-f]+)$/.exec(name) ?? [];
    if (own === undefined || Number(version) > taken) continue;
    leftovers.push(join(folder.log, name));
    if (kind === 'attempt' && !committed.includes(own)) removed.add(own);
  }
  // The folder first: its claim must outlive it.
  for (const name of removed) await remove(join(folder.root, name));
  for (const path of leftovers) await remove(path);
}

/** What cannot be removed now is removed by the next publish: the commit stands. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
