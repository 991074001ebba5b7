import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { createOnce, removeAbandonedDrafts, writeAtomically } from '../../src/store/write-file.js';
import { withLittleSpace } from '../destinations/limits.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';

describe('a file of the store', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  it('is written whole, again and again, in folders that are made', async () => {
    const file = join(root, 'a', 'b', 'file.json');
    await writeAtomically(file, 'first');
    await writeAtomically(file, 'second');
    assert.equal(await readFile(file, 'utf8'), 'second');
    assert.deepEqual(await readdir(join(root, 'a', 'b')), ['file.json']);
  });

  it('is created by one of many, and stays as that one wrote it', async () => {
    const file = join(root, 'file.json');
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) => createOnce(file, `by ${index}`)),
    );
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal(await readFile(file, 'utf8'), `by ${made.indexOf(true)}`);
    assert.equal(await createOnce(file, 'later'), false);
    assert.deepEqual(await readdir(root), ['file.json']);
  });

  it('leaves nothing of itself on a disk that is full', async () => {
    const small = join(root, 'small');
    await mkdir(small);
    const module = join(projectRoot, 'dist', 'src', 'store', 'write-file.js');
    const script = join(root, 'fill.mjs');
    await writeFile(
      script,
      `import { readdirSync } from 'node:fs';
      import { createOnce, writeAtomically } from ${JSON.stringify(pathToFileURL(module).href)};
      const folder = ${JSON.stringify(small)};
      const codes = [];
      for (const write of [createOnce, writeAtomically]) {
        const written = write(folder + '/file', 'x'.repeat(2_000_000));
        await written.catch(({ code }) => codes.push(code));
      }
      console.log(JSON.stringify([codes, readdirSync(folder)]));`,
    );
    const [program, ...args] = [...withLittleSpace(small), process.execPath, script];
    const { stdout } = await execa(program, args);
    const [codes, left] = JSON.parse(stdout) as [string[], string[]];
    assert.equal(codes.length, 2);
    assert.ok(
      codes.every((code) => code === 'ENOSPC' || code === 'EFBIG'),
      codes.join(),
    );
    assert.deepEqual(left, []);
  });

  it('is tidied of the drafts of processes that were killed, and of nothing else', async () => {
    const old = new Date(Date.now() - 2 * 3_600_000);
    const names = ['plan.json.12-0123abcd.tmp', 'plan.json', 'mine.tmp'];
    for (const name of names) {
      await writeFile(join(root, name), '');
      await utimes(join(root, name), old, old);
    }
    await writeFile(join(root, 'plan.json.13-0123abcd.tmp'), 'under way');
    await removeAbandonedDrafts(root);
    await removeAbandonedDrafts(join(root, 'nowhere'));
    assert.deepEqual((await readdir(root)).toSorted(), [
      'mine.tmp',
      'plan.json',
      'plan.json.13-0123abcd.tmp',
    ]);
  });
});
