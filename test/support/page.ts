import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './stack.js';

/** A fenced block of a page: its language, and what stands after that. */
export interface Block {
  language: string;
  flag: string;
  text: string;
}

/** The blocks of a page, also those in lists; the path begins at the clone's root. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  return [...text.matchAll(/^( *)```(\w+) ?(\S*)\n([^]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', flag = '', body = '']) => ({
      language,
      flag,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}
