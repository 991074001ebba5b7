import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from './stack.js';

/**
 * The files of code that a program loaded which left its coverage (NODE_V8_COVERAGE) there; of a bundle, also
 * those that it was made of.
 */
export function loadedIn(coverage: string): string[] {
  const files = new Set<string>();
  for (const name of readdirSync(coverage)) {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as {
      result: { url: string }[];
    };
    for (const { url } of result) if (url.startsWith('file:')) files.add(fileURLToPath(url));
  }
  const contents = JSON.parse(
    readFileSync(join(projectRoot, 'dist', 'programs', 'contents.json'), 'utf8'),
  ) as Record<string, string[]>;
  for (const [bundle, parts] of Object.entries(contents)) {
    if (files.has(join(projectRoot, bundle))) {
      for (const part of parts) files.add(join(projectRoot, part));
    }
  }
  return [...files];
}
