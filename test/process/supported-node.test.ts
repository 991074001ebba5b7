import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../support/stack.js';

/** Lets a program think that an older or newer Node.js runs it. */
function program(name: string, version: string) {
  const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const main = join(projectRoot, 'dist', 'src', name, 'main.js');
  const before = `data:text/javascript,${encodeURIComponent(versions)}`;
  return execa(process.execPath, ['--import', before, main, '--none'], { reject: false });
}

describe('an older Node.js', () => {
  for (const name of ['cli', 'worker', 'gateway', 'emulator']) {
    it(`is refused by the ${name} in one sentence`, async () => {
      const { exitCode, stderr, stdout } = await program(name, '20.20.2');
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^beamline needs Node\.js 22 or 24 \(22\.12 or newer\), and this is 20/);
      assert.equal(stderr.split('\n').length, 1);
    });
  }

  for (const [version, isRefused] of [
    ['22.11.0', true],
    ['22.12.0', false],
    ['24.0.0', false],
  ] as const) {
    it(`is ${isRefused ? '' : 'not '}${version}`, async () => {
      const { stderr } = await program('cli', version);
      assert.equal(stderr.includes('needs Node.js'), isRefused, stderr);
    });
  }
});
