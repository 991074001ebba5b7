import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue, packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { corpus } from './support.js';

interface ModuleCases {
  kind: 'source' | 'transform' | 'sink';
  module: string;
  cases: { title: string; valid: boolean; path?: string; parameters: unknown }[];
}

const catalogue = loadCatalogue(packageRoot);

/** Paths, within `parameters`, of the problems that these parameters of a module have. */
async function wrongPaths({ kind, module }: ModuleCases, parameters: unknown): Promise<string[]> {
  const config = { [`${kind}s`]: [{ name: 'step', module, parameters }] };
  const file = { file: 'case.json', path: join(corpus, 'case.json') };
  const loaded = parseConfig(JSON.stringify(config), file);
  const { problems } = await checkConfig(loaded, { root: corpus, catalogue });
  const prefix = `${kind}s[0].parameters`;
  return problems
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path }) => path.slice(prefix.length).replace(/^\./, ''));
}

/** A rule of several parameters stands at their parent: each language may point at one of them. */
function isAt(found: string, path: string): boolean {
  return path === '' || found === path || found.startsWith(`${path}.`);
}

describe('the corpus of module parameters', () => {
  for (const file of readdirSync(join(corpus, 'modules'))) {
    const suite = JSON.parse(readFileSync(join(corpus, 'modules', file), 'utf8')) as ModuleCases;
    for (const { title, valid, path, parameters } of suite.cases) {
      it(`${suite.kind} ${suite.module}: ${title} is ${valid ? 'right' : `wrong at "${path}"`}`, async () => {
        const paths = await wrongPaths(suite, parameters);
        if (valid) assert.deepEqual(paths, []);
        else
          assert.ok(
            paths.some((found) => isAt(found, path ?? '')),
            `found: ${paths.join(', ')}`,
          );
      });
    }
  }
});
