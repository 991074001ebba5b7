import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from '../../src/process/bundled-program.js';
import { temporaryFolder } from '../config/support.js';
import { projectRoot } from '../support/stack.js';

describe('a program', () => {
  const folder = temporaryFolder();
  const main = 'cli/command-line.js';
  const file = (): string => programFile('cli', main, folder.path);
  const modify = (name: string, second: number): void => {
    folder.write(name, '');
    utimesSync(join(folder.path, name), second, second);
  };

  it('is its bundle, unless code was compiled after it', () => {
    const [source, bundle] = [join(folder.path, 'src', main), join(folder.path, 'programs/cli.js')];
    modify('.tsbuildinfo', 100);
    assert.equal(file(), source);
    modify('programs/cli.js', 99);
    assert.equal(file(), source);
    modify('programs/cli.js', 100);
    assert.equal(file(), bundle);
  });

  it('is its bundle where nothing says when code was compiled, as in a package', () => {
    modify('programs/cli.js', 1);
    assert.equal(file(), join(folder.path, 'programs/cli.js'));
  });

  for (const [name, source] of [
    ['publisher', 'destinations/publisher-process.js'],
    ['cli', main],
  ] as const) {
    it(`is the bundle that the build leaves of the ${name}`, () => {
      const bundle = join(projectRoot, 'dist', 'programs', `${name}.js`);
      assert.equal(programFile(name, source), bundle);
    });
  }
});
