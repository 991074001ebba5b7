import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { NotRegular, readRegularFile, TooLarge } from '../../src/store/read-regular.js';
import { isPlainName, plainName } from '../../src/store/plain-name.js';
import { storePaths } from '../../src/store/local-store.js';
import { objectPaths } from '../../src/store/object-store.js';
import { temporaryFolder } from '../config/support.js';

describe('a file that somebody named', () => {
  const folder = temporaryFolder();

  it('is read whole if it is a regular one of the allowed size', () => {
    const file = folder.write('a.txt', 'x'.repeat(200_000));
    assert.equal(readRegularFile(file, 200_000).length, 200_000);
    assert.throws(() => readRegularFile(file, 199_999), TooLarge);
  });

  it('is not opened if it is a pipe, a device or a folder', () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mkdirSync(join(folder.path, 'folder'));
    for (const [path, kind] of [
      [pipe, 'a pipe'],
      ['/dev/zero', 'a device'],
      ['/dev/tty', 'a device'],
      [join(folder.path, 'folder'), 'a folder'],
    ] as const) {
      assert.throws(
        () => readRegularFile(path, 10),
        (error) => error instanceof NotRegular && error.kind === kind,
        path,
      );
    }
  });

  it('is not read if it is huge, or larger than it says', () => {
    const sparse = folder.write('sparse', '');
    truncateSync(sparse, 2 ** 40);
    assert.throws(() => readRegularFile(sparse, 10_000_000), TooLarge);
    // The size of every file of /proc is 0.
    assert.ok(readRegularFile('/proc/self/status', 1_000_000).length > 100);
    assert.throws(() => readRegularFile('/proc/self/status', 100), TooLarge);
  });
});

describe('a name that becomes a part of a path', () => {
  it('is one part of it, and leads nowhere else', () => {
    assert.equal(plainName('q4kx7mw2ta'), 'q4kx7mw2ta');
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      '/etc',
      'a\0',
      'a\n',
      'x'.repeat(200),
    ]) {
      assert.equal(isPlainName(name), false, name);
      for (const path of [
        () => storePaths.receipt({ root: '/store' }, name),
        () => storePaths.staging({ root: '/store' }, name),
        () => storePaths.plan({ root: '/store' }, name),
        () => storePaths.beamProcesses({ root: '/store' }, name),
        () => objectPaths.staging('gs://b', name),
        () => objectPaths.receipt('gs://b', name),
        () => objectPaths.profiles('gs://b', name),
      ]) {
        assert.throws(path, /cannot name a file of a run/, name);
      }
    }
  });
});
