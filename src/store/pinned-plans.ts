import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { failure } from '../shared/failures.js';
import { notThere, storePaths, type LocalStore } from './local-store.js';
import { writeAtomically } from './write-file.js';

/**
 * Keeps a plan under the sha256 of its text. One that is there already stays, unless it was damaged: what
 * belongs there is known.
 */
export async function pinPlan(store: LocalStore, sha256: string, text: string): Promise<void> {
  const file = storePaths.plan(store, sha256);
  const kept = await readFile(file, 'utf8').catch(notThere);
  if (kept === null || sha256Of(kept) !== sha256) await writeAtomically(file, text);
}

/**
 * The text of a pinned plan, having checked that it is the one of that name.
 * @throws `ConfigError` if the name is no sha256, `StoreUnavailable` if the plan is not there or damaged
 */
export async function readPinnedPlan(store: LocalStore, sha256: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw failure('ConfigError', `\`plan\` must be a sha256 of 64 digits, got \`${sha256}\``);
  }
  const file = storePaths.plan(store, sha256);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const message =
      `the plan ${sha256.slice(0, 12)}… is not in the store ${store.id} (${store.root} on ` +
      `${store.host}): name the store that has it as \`store\`, or run the config again`;
    throw failure('StoreUnavailable', message, { cause: String(error) });
  });
  const found = sha256Of(text);
  if (found === sha256) return text;
  throw failure(
    'StoreUnavailable',
    `${file} was changed or damaged after it was pinned (${Buffer.byteLength(text)} bytes, sha256 ` +
      `${found}): run the config again, which writes it anew if it is unchanged`,
  );
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
