import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The path with every symbolic link of its existing part resolved, so that two names of one file
 * are equal, and a name stays the same once the file exists.
 *
 * @param path absolute
 */
export function canonicalPath(path: string): string {
  const missing: string[] = [];
  for (let existing = path; ; existing = dirname(existing)) {
    try {
      return join(realpathSync(existing), ...missing);
    } catch {
      if (existing === dirname(existing)) return path;
      missing.unshift(basename(existing));
    }
  }
}
