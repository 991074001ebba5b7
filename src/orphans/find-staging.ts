import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storePaths } from '../store/local-store.js';
import { isPlainName } from '../store/plain-name.js';
import { objectPaths, type ObjectStore } from '../store/object-store.js';
import type { OrphanStaging, Runs } from './orphan.js';

/** Younger staging is left alone: the list of workflows may not know its run yet. An hour. */
const youngestMs = 3_600_000;

/** What a run left to be published outlives it for a week: `rerun`, or its next run, publishes it. */
const leftMs = 7 * 86_400_000;

/** Whether a run that is closed left something that is to be published yet. */
export type LeftToPublish = (runKey: string) => Promise<boolean>;

const nothingLeft: LeftToPublish = async () => false;

/** Ten characters of lower-case base32: what else lies there is not ours. */
const runKeyPattern = /^[a-z2-7]{10}$/;

interface Found {
  runKey: string;
  what: OrphanStaging['what'];
  place: string;
  bytes: number | null;
  newestMs: number;
}

/**
 * What lies below a store that no open run uses: staging, and connection profiles of jobs.
 * @param busy run keys of jobs that are active: they still write
 */
export async function findObjectStaging(
  objects: Pick<ObjectStore, 'list'>,
  store: string,
  runs: Pick<Runs, 'fateOf'>,
  busy: ReadonlySet<string>,
  now = Date.now(),
  isLeft = nothingLeft,
): Promise<OrphanStaging[]> {
  const found = [...(await stagingBelow(objects, store)), ...(await profilesBelow(objects, store))];
  return leftBehind(found, runs, busy, now, isLeft);
}

async function stagingBelow(objects: Pick<ObjectStore, 'list'>, store: string): Promise<Found[]> {
  const prefix = dirnameOfUri(objectPaths.staging(store, 'x'));
  const found = new Map<string, Found>();
  for await (const { uri, size, updated } of objects.list(prefix)) {
    const runKey = uri.slice(prefix.length).split('/')[0] ?? '';
    if (!isPlainName(runKey)) continue;
    const before = found.get(runKey);
    found.set(runKey, {
      runKey,
      what: 'staging',
      place: objectPaths.staging(store, runKey),
      bytes: (before?.bytes ?? 0) + size,
      newestMs: Math.max(before?.newestMs ?? 0, Date.parse(updated)),
    });
  }
  return [...found.values()];
}

/** The receipts, which lie beside the profiles, are kept. */
async function profilesBelow(objects: Pick<ObjectStore, 'list'>, store: string): Promise<Found[]> {
  const prefix = dirnameOfUri(objectPaths.run(store, 'x'));
  const found: Found[] = [];
  for await (const { uri, size, updated } of objects.list(prefix)) {
    const runKey = uri.slice(prefix.length).split('/')[0] ?? '';
    if (!isPlainName(runKey) || uri !== objectPaths.profiles(store, runKey)) continue;
    const newestMs = Date.parse(updated);
    found.push({ runKey, what: 'profiles', place: uri, bytes: size, newestMs });
  }
  return found;
}

/** Staging folders of a local store that no open run uses. */
export async function findLocalStaging(
  store: { root: string },
  runs: Pick<Runs, 'fateOf'>,
  now = Date.now(),
  isLeft = nothingLeft,
): Promise<OrphanStaging[]> {
  const folder = dirname(storePaths.staging(store, 'x'));
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.filter(isPlainName).map(async (runKey): Promise<Found> => {
      const place = join(folder, runKey);
      const { mtimeMs: newestMs } = await stat(place);
      return { runKey, what: 'staging', place, bytes: null, newestMs };
    }),
  );
  return leftBehind(found, runs, new Set(), now, isLeft);
}

/** Removes what closed runs left; twice does no harm. Returns what was removed. */
export async function removeStaging(
  staging: readonly OrphanStaging[],
  objects: () => Promise<Pick<ObjectStore, 'remove' | 'removePrefix'>>,
): Promise<OrphanStaging[]> {
  const closed = staging.filter(({ run }) => run === 'closed');
  for (const { what, place } of closed) {
    if (what === 'profiles') await (await objects()).remove(place);
    else if (place.startsWith('gs://')) await (await objects()).removePrefix(place);
    else await rm(place, { recursive: true, force: true });
  }
  return closed;
}

async function leftBehind(
  found: readonly Found[],
  runs: Pick<Runs, 'fateOf'>,
  busy: ReadonlySet<string>,
  now: number,
  isLeft: LeftToPublish,
): Promise<OrphanStaging[]> {
  const left: OrphanStaging[] = [];
  for (const { runKey, what, place, bytes, newestMs } of found) {
    if (!runKeyPattern.test(runKey) || busy.has(runKey) || now - newestMs < youngestMs) continue;
    const run = await runs.fateOf(runKey);
    if (run === 'open') continue;
    if (what === 'staging' && now - newestMs < leftMs && (await isLeft(runKey))) continue;
    left.push({ run_key: runKey, what, place, bytes, run });
  }
  return left;
}

function dirnameOfUri(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1);
}
