import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Receipt } from '../../shared/run/receipt.js';
import { runKeyPattern } from '../../shared/run-key.js';
import { readReceipt } from './read-receipt.js';
import { newerProblem } from '../../store/format-version.js';
import { storePaths } from '../../store/local-store.js';
import { objectPaths, readIfThere } from '../../store/object-store.js';

/** The root of the local store of a project. */
export function storeRootOf(root: string): { root: string } {
  return { root: join(root, '.beamline', 'store') };
}

/** The receipt of a run key in the local store of a project; null if it is not there. */
export async function storedReceipt(root: string, runKey: string): Promise<Receipt | null> {
  if (!isRunKey(runKey)) return null;
  const file = storePaths.receipt(storeRootOf(root), runKey);
  let problem: string | null = null;
  try {
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    problem = newerProblem(file, document);
    const receipt = readReceipt(document);
    if (receipt !== null && problem === null) return receipt;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read`, { cause: error });
  }
  throw new Error(problem ?? `${file} is no receipt`);
}

/** The receipt of a run key in the bucket of a project's settings, where every host can read it; else null. */
export async function receiptInBucket(root: string, runKey: string): Promise<Receipt | null> {
  if (!isRunKey(runKey)) return null;
  const { loadSettings } = await import('../../config/settings/settings.js');
  const { store } = loadSettings(root);
  if (store === undefined) return null;
  const { openObjectStore } = await import('../../gateways/open-object-store.js');
  const content = await readIfThere(await openObjectStore(), objectPaths.receipt(store, runKey));
  if (content === null) return null;
  const receipt = JSON.parse(content.toString('utf8')) as Receipt;
  const problem = newerProblem(objectPaths.receipt(store, runKey), receipt);
  if (problem !== null) throw new Error(problem);
  return receipt;
}

/**
 * Finds a receipt in the local store without Temporal, which may be down or may have forgotten.
 * @param reference run key, workflow id, run id, or `latest`
 */
export async function findStoredReceipt(root: string, reference: string): Promise<Receipt | null> {
  const direct = await storedReceipt(root, reference);
  if (direct !== null) return direct;
  for (const runKey of await storedRunKeys(root)) {
    // One that cannot be read hides no other.
    const receipt = await storedReceipt(root, runKey).catch(() => null);
    if (receipt === null) continue;
    const { workflow_id, run_id } = receipt;
    if (reference === 'latest' || workflow_id === reference || run_id === reference) return receipt;
  }
  return null;
}

/** Run keys of the local store, the newest first. */
export async function storedRunKeys(root: string): Promise<string[]> {
  const folder = join(storeRootOf(root).root, 'runs');
  const names = await readdir(folder).catch(() => []);
  const timed = await Promise.all(
    names.filter(isRunKey).map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => null); // Removed meanwhile.
      return { name, mtimeMs: found?.mtimeMs ?? 0 };
    }),
  );
  return timed.toSorted((a, b) => b.mtimeMs - a.mtimeMs).map(({ name }) => name);
}

/** Ten characters of lower-case base32. */
export function isRunKey(text: string): boolean {
  return runKeyPattern.test(text);
}
