import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file whole or not at all, also where the power fails: readers never see half of it. Only the
 * user can read it.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
  await throughDraft(file, text, (draft) => rename(draft, file));
}

/** Writes a file whole unless it is there already; true if this call made it. */
export async function createOnce(file: string, text: string): Promise<boolean> {
  try {
    await throughDraft(file, text, (draft) => link(draft, file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** How a draft is named: the file, the process that writes it, and what makes it one of a kind. */
const draftName = /\.\d+-[0-9a-f]{8}\.tmp$/;

/** A draft is written in one go: one of this age has no writer any more, in milliseconds. */
const abandonedAfterMs = 3_600_000;

/** Removes the drafts that processes left in a folder when they were killed. */
export async function removeAbandonedDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!draftName.test(name)) continue;
    const draft = join(folder, name);
    const age = Date.now() - ((await stat(draft).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > abandonedAfterMs) await rm(draft, { force: true });
  }
}

async function throughDraft(
  file: string,
  text: string,
  finish: (draft: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unique = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const draft = join(folder, `${basename(file)}.${unique}.tmp`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await finish(draft);
    await syncFolder(folder);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes a new name last: without it a file that was flushed may be gone after a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
