import assert from 'node:assert/strict';
import { linkSync, statSync } from 'node:fs';
import { mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import { done, failed, ids, inspectTask, publishTask, stage, versionOf } from '../support.js';
import { currentRows, filesSink, recordOf } from './support.js';

describe('files: the folder', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  describe('a folder that is not ours', () => {
    const refusals: {
      title: string;
      path: string;
      why: RegExp;
      before?: () => Promise<unknown>;
    }[] = [
      {
        title: 'with files of somebody else',
        path: 'papers',
        why: /holds files that Beamline did not write \(thesis\.txt\)/,
        before: async () => {
          await mkdir(join(root, 'papers'));
          await writeFile(join(root, 'papers', 'thesis.txt'), 'mine');
        },
      },
      {
        title: 'that is a file',
        path: 'plain',
        why: /the path does not fit/,
        before: () => writeFile(join(root, 'plain'), 'mine'),
      },
      {
        title: 'below a file',
        path: 'plain/below',
        why: /the path does not fit/,
        before: () => writeFile(join(root, 'plain'), 'mine'),
      },
      {
        title: 'that is the project root by another name',
        path: 'link',
        why: /is the project root/,
        before: () => symlink(root, join(root, 'link')),
      },
      { title: "inside Beamline's own", path: '.beamline/lake', why: /inside Beamline's own/ },
      {
        title: 'inside another destination',
        path: 'outer/inner',
        why: /inside another `files` destination, .*outer/,
        before: () => mkdir(join(root, 'outer', '_beamline'), { recursive: true }),
      },
      {
        title: 'whose `current` is a folder',
        path: 'odd',
        why: /`current` that is no symbolic link/,
        before: async () => {
          await mkdir(join(root, 'odd', '_beamline'), { recursive: true });
          await mkdir(join(root, 'odd', 'current'));
        },
      },
    ];
    for (const { title, path, why, before } of refusals) {
      it(`${title} is refused and not touched`, async () => {
        await before?.();
        const staged = await stage(root, ids(1, 1));
        const sink = filesSink(root, { path });
        const list = () => readdir(root, { recursive: true });
        const had = await list();
        for (const task of [
          inspectTask(sink),
          publishTask(sink, { run: 'run1', base: 0, staged }),
        ]) {
          const end = await failed(task);
          assert.equal(end.type, 'ConfigError');
          assert.match(end.message, why);
        }
        assert.deepEqual(await list(), had);
      });
    }
  });

  it('an empty folder may be used, and inspecting makes nothing', async () => {
    const sink = filesSink(root);
    await mkdir(join(root, 'lake'));
    assert.equal(await versionOf(sink), 0);
    assert.deepEqual(await readdir(join(root, 'lake')), []);
  });

  it('removes only folders that a record or an attempt names', async () => {
    const sink = filesSink(root);
    const theirs = join(root, 'lake', 'v1-backup');
    for (const version of [1, 2, 3]) {
      const staged = await stage(root, ids(1, 1));
      await done(publishTask(sink, { run: `run${version}`, base: version - 1, staged }));
      await mkdir(theirs, { recursive: true });
      await writeFile(join(theirs, 'note.txt'), 'mine');
    }
    assert.equal(await readFile(join(theirs, 'note.txt'), 'utf8'), 'mine');
  });

  it('repairs a `current` that somebody removed', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    await rm(join(root, 'lake', 'current'));
    assert.equal(await versionOf(sink), 1);
    assert.equal(await readlink(join(root, 'lake', 'current')), (await recordOf(sink, 1)).folder);
  });

  it('names a record that cannot be read', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    await writeFile(join(root, 'lake', '_beamline', '1.json'), '{"version": 1');
    const end = await failed(inspectTask(sink));
    assert.equal(end.type, 'ResourceError');
    assert.match(end.message, /_beamline\/1\.json is not a commit/);
  });

  it('copies where a file has no room for another name', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 3));
    const [file] = staged.files;
    assert.ok(file);
    const folder = join(root, 'names');
    await mkdir(folder);
    // ext4 allows 65,000 names of one file; others allow more: then this test sees a link.
    let full = false;
    for (let index = 0; index < 65_000 && !full; index++) {
      try {
        linkSync(file.uri, join(folder, String(index)));
      } catch {
        full = true;
      }
    }
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    assert.equal((await currentRows(sink)).length, 3);
    const published = (await recordOf(sink, 1)).files?.[0]?.path ?? '';
    const isCopy = statSync(join(root, 'lake', published)).ino !== statSync(file.uri).ino;
    assert.equal(isCopy, full);
  }).timeout(60_000);
});
