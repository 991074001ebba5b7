import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot, type Catalogue } from '../../src/config/modules/catalogue.js';

/** A catalogue that does not change when a module does. */
export const catalogue = JSON.parse(
  readFileSync(join(packageRoot, 'test/config/fixtures/modules.json'), 'utf8'),
) as Catalogue;

export const corpus = join(packageRoot, 'test/corpus');

/** A folder that is removed after each test of the calling suite. */
export function temporaryFolder(): {
  readonly path: string;
  write(name: string, text: string): string;
} {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'beamline-test-'));
  });
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    write(name, text) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
  };
}
