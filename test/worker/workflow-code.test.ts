import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isCurrent } from '../../src/worker/workflow-code.js';
import { temporaryFolder } from '../config/support.js';

describe('the bundle of the workflows', () => {
  const folder = temporaryFolder();
  const at = (file: string): string => join(folder.path, file);
  const changed = (file: string, second: number): void => {
    folder.write(file, '');
    utimesSync(at(file), second, second);
  };

  it('is current if no code is newer, in whatever folder', () => {
    changed('bundle.cjs', 100);
    for (const file of ['a/index.js', 'a/run/deep/b.js', 'a/run/b.d.ts', 'c/d.js'])
      changed(file, 90);
    const folders = [at('a'), at('c')];
    assert.ok(isCurrent(at('bundle.cjs'), folders));
    for (const file of ['a/index.js', 'a/run/deep/b.js', 'c/d.js']) {
      changed(file, 110);
      assert.ok(!isCurrent(at('bundle.cjs'), folders), file);
      changed(file, 90);
    }
    changed('a/run/b.d.ts', 110);
    assert.ok(isCurrent(at('bundle.cjs'), folders));
    assert.ok(!isCurrent(at('missing.cjs'), folders));
  });
});
