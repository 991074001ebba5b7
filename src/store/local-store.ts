import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/**
 * A store on this machine's disk: plans, staging and receipts of the runs made here.
 *
 * ```
 * store.json                    its generated id
 * plans/<sha256>.json           plans, by content
 * runs/<run key>/               receipt.json, beam.log: kept
 * staging/<run key>/<attempt>/  staged Parquet: removed when the run has ended
 * processes/…                   children alive now
 * ```
 */
export interface LocalStore {
  /** Names this store among all hosts; part of the task queue `beamline.<id>`. */
  id: string;
  /** Absolute path. */
  root: string;
  host: string;
}

type StoreRoot = Pick<LocalStore, 'root'>;

/** Opens the store in `folder`, making it (and its id) at first use; two openers agree on the id. */
export async function openLocalStore(folder: string): Promise<LocalStore> {
  const root = resolve(folder);
  await mkdir(root, { recursive: true });
  const file = join(root, 'store.json');
  const fresh = { id: randomBytes(5).toString('hex') };
  await createOnce(file, JSON.stringify(fresh));
  const { id } = JSON.parse(await readFile(file, 'utf8')) as { id: string };
  return { id, root, host: hostname() };
}

/** Where things are in a store; only its root matters. */
export const storePaths = {
  plan: (store: StoreRoot, sha256: string) => join(store.root, 'plans', `${sha256}.json`),
  run: (store: StoreRoot, runKey: string) => join(store.root, 'runs', runKey),
  receipt: (store: StoreRoot, runKey: string) => join(store.root, 'runs', runKey, 'receipt.json'),
  log: (store: StoreRoot, runKey: string) => join(store.root, 'runs', runKey, 'beam.log'),
  staging: (store: StoreRoot, runKey: string) => join(store.root, 'staging', runKey),
  /** Records of the Beam children of a run that live now. */
  beamProcesses: (store: StoreRoot, runKey: string) =>
    join(store.root, 'processes', 'beam', runKey),
  /** Records of the publishers of a destination that live now. */
  publisherProcesses: (store: StoreRoot, destinationHash: string) =>
    join(store.root, 'processes', 'publisher', destinationHash),
};

/** Writes a file whole or not at all: readers never see half of it. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes a file whole unless it is there already; true if this call made it. */
export async function createOnce(file: string, text: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  await writeFile(temporary, text);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
}
