import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../support/stack.js';

/** Packages of Cloud Storage's client that are loaded after an import, told by one of CommonJS. */
function loadedBy(code: string): string {
  const program = `
    import { createRequire } from 'node:module';
    ${code}
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.filter((path) => /teeny-request|gaxios/.test(path)).length);`;
  const args = ['--input-type=module', '-e', program];
  return execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' }).trim();
}

describe("Cloud Storage's client", () => {
  const activities = join(projectRoot, 'dist', 'src', 'activities', 'index.js');
  const opener = join(projectRoot, 'dist', 'src', 'gateways', 'open-object-store.js');

  it('is not loaded by the activities until one of them asks for the store', () => {
    const imports = `await import('${activities}'); const { openObjectStore } = await import('${opener}');`;
    assert.equal(loadedBy(imports), '0');
    assert.notEqual(loadedBy(`${imports} await openObjectStore();`), '0');
  });
});
