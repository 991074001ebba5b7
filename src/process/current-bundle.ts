import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a bundle is there and as new as all code in these folders, whatever folder of theirs it is in. */
export function isCurrent(bundle: string, folders: readonly string[]): boolean {
  const at = modified(bundle);
  return folders.every((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .every((name) => modified(join(folder, name)) <= at),
  );
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
