import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files of code that a program loaded which left its coverage (NODE_V8_COVERAGE) there. */
export function loadedIn(coverage: string): string[] {
  const files = new Set<string>();
  for (const name of readdirSync(coverage)) {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as {
      result: { url: string }[];
    };
    for (const { url } of result) if (url.startsWith('file:')) files.add(fileURLToPath(url));
  }
  return [...files];
}
