import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { plainName } from './plain-name.js';
import { createOnce } from './write-file.js';

/**
 * A store on this machine's disk: plans, staging and receipts of the runs made here. Only its user can
 * read it.
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
  const file = join(root, 'store.json');
  let text = await readFile(file, 'utf8').catch(notThere);
  if (text === null) {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await createOnce(file, JSON.stringify({ id: randomBytes(5).toString('hex') }));
    text = await readFile(file, 'utf8');
  }
  return { id: idIn(text, file), root, host: hostname() };
}

/** For the `catch` of a read: null for a file that is not there; every other error is thrown on. */
export function notThere(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/** Another id would be another store: runs wait for this one, and destinations on its disk are named by it. */
function idIn(text: string, file: string): string {
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    if (typeof id === 'string' && /^[0-9a-z]+$/.test(id)) return id;
  } catch {
    // Said below.
  }
  throw new Error(
    `${file} is damaged (${text.length} characters): it must be {"id": "…"} with the id of this store, ` +
      'as receipts and task queues name it; restore it, or remove it if no run of this store is open',
  );
}

/**
 * Where things are in a store; only its root matters.
 * @throws `RangeError` for a name that is more than a name: it may come from whoever started the run
 */
export const storePaths = {
  plan: (store: StoreRoot, sha256: string) => below(store, 'plans', `${plainName(sha256)}.json`),
  run: (store: StoreRoot, runKey: string) => below(store, 'runs', plainName(runKey)),
  receipt: (store: StoreRoot, runKey: string) =>
    below(store, 'runs', plainName(runKey), 'receipt.json'),
  log: (store: StoreRoot, runKey: string) => below(store, 'runs', plainName(runKey), 'beam.log'),
  staging: (store: StoreRoot, runKey: string) => below(store, 'staging', plainName(runKey)),
  /** Records of the Beam children of a run that live now. */
  beamProcesses: (store: StoreRoot, runKey: string) =>
    below(store, 'processes', 'beam', plainName(runKey)),
  /** Records of the publishers of a destination that live now. */
  publisherProcesses: (store: StoreRoot, destinationHash: string) =>
    below(store, 'processes', 'publisher', plainName(destinationHash)),
  /** Records of the children that wait for a task, by the worker that started them. */
  spareProcesses: (store: StoreRoot) => below(store, 'processes', 'spare'),
};

function below({ root }: StoreRoot, ...names: string[]): string {
  return join(root, ...names);
}
