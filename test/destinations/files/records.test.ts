import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { folderAt, type Folder } from '../../../src/destinations/files/folder.js';
import {
  createRecord,
  readRecords,
  type CommitRecord,
} from '../../../src/destinations/files/records.js';
import { temporaryRoot } from '../../support/stack.js';

const fence = (version: number, run = 'run1'): CommitRecord => ({
  kind: 'fence',
  version,
  run_key: run,
  sink: 'lake',
  committed_at: '2026-11-29T00:00:00Z',
});

describe('files: the log of commits', () => {
  const { link } = fs;
  let folder: Folder;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryRoot();
    folder = folderAt(temporary.root);
    remove = temporary.remove;
    await fs.mkdir(folder.log);
  });
  afterEach(async () => {
    replaceLink(link);
    await remove();
  });

  /** What `link` of the file system does from now on. */
  function replaceLink(by: typeof link): void {
    fs.link = by;
    syncBuiltinESMExports();
  }

  it('has its records by number, and takes nothing else for one', async () => {
    const versions = Array.from({ length: 130 }, (_, index) => index + 1);
    for (const version of versions.toReversed()) await createRecord(folder, fence(version));
    for (const name of ['131.json.old', 'x132.json', 'notes.json']) {
      await fs.writeFile(join(folder.log, name), 'mine');
    }
    const records = await readRecords(folder);
    assert.deepEqual(
      records,
      versions.map((version) => fence(version)),
    );
  });

  it('has none before the first commit; a log that cannot be read is not one without records', async () => {
    await fs.rmdir(folder.log);
    assert.deepEqual(await readRecords(folder), []);
    await fs.writeFile(folder.log, '');
    await assert.rejects(readRecords(folder), { code: 'ENOTDIR' });
  });

  it('takes a version once, and leaves nothing beside the records', async () => {
    assert.equal(await createRecord(folder, fence(1)), true);
    assert.equal(await createRecord(folder, fence(1, 'run2')), false);
    assert.deepEqual(await readRecords(folder), [fence(1)]);
    assert.deepEqual(await fs.readdir(folder.log), ['1.json']);
  });

  it('names the record that it cannot read, and says what to do', async () => {
    const file = join(folder.log, '7.json');
    await fs.writeFile(file, '{}');
    await assert.rejects(readRecords(folder), {
      type: 'ResourceError',
      message:
        `${file} is not a commit that this version of Beamline can read. Nothing was written. ` +
        'Restore the file, or give the sink a new folder.',
    });
  });

  for (const code of ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM']) {
    it(`says that the file system has no hard links where \`link\` fails with ${code}`, async () => {
      replaceLink(() => Promise.reject(Object.assign(new Error(code), { code })));
      await assert.rejects(createRecord(folder, fence(1)), {
        type: 'ConfigError',
        message:
          `${folder.log}: the file system has no hard links, which a commit needs. Nothing was ` +
          'written. Choose a `path` on another one.',
      });
      assert.deepEqual(await fs.readdir(folder.log), []);
    });
  }

  it('passes on what else goes wrong', async () => {
    await fs.rmdir(folder.log);
    await assert.rejects(createRecord(folder, fence(1)), { code: 'ENOENT', syscall: 'open' });
    await fs.mkdir(folder.log);
    replaceLink(() => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })));
    await assert.rejects(createRecord(folder, fence(1)), { code: 'EIO' });
    assert.deepEqual(await fs.readdir(folder.log), []);
  });
});
