import assert from 'node:assert/strict';
import { linkSync, statSync } from 'node:fs';
import { mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import { done, failed, fenceTask, inMemory, inspectTask, publishTask, stage } from '../support.js';
import { currentRows, filesSink, leftovers, recordOf, versionFolders } from './support.js';

describe('files: publish', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  const ids = (first: number, last: number) =>
    `SELECT range AS id, 'name ' || range AS name FROM range(${first}, ${last + 1})`;

  it('replaces what `current` shows, and keeps the version before', async () => {
    const sink = filesSink(root);
    assert.equal(await done(inspectTask(sink)), 0);
    for (const version of [1, 2, 3]) {
      const staged = await stage(root, ids(1, version), ids(10, 12));
      const commit = await done(
        publishTask(sink, { run: `run${version}`, base: version - 1, staged }),
      );
      assert.deepEqual(commit, { version, rows: version + 3, bytes: staged.bytes, adopted: false });
      assert.equal((await currentRows(sink)).length, version + 3);
    }
    assert.equal(await done(inspectTask(sink)), 3);
    assert.deepEqual(await versionFolders(sink), [2, 3]);
    assert.deepEqual(await leftovers(sink), []);
    const record = await recordOf(sink, 3);
    assert.equal(record.kind, 'commit');
    assert.deepEqual(
      record.files?.map(({ path, rows }) => [path, rows]),
      [
        [`${record.folder}/part-v3-00000.parquet`, 3],
        [`${record.folder}/part-v3-00001.parquet`, 3],
      ],
    );
    assert.equal(record.manifest_sha256, 'manifest of run3');
  });

  it('appends: the files of the version before and the new ones appear at once', async () => {
    const sink = filesSink(root);
    const first = await stage(root, ids(1, 2));
    await done(publishTask(sink, { run: 'run1', base: 0, staged: first, mode: 'append' }));
    const before = (await recordOf(sink, 1)).files?.[0]?.path ?? '';
    for (const version of [2, 3]) {
      const staged = await stage(root, ids(version * 10, version * 10));
      const commit = await done(
        publishTask(sink, { run: `run${version}`, base: version - 1, staged, mode: 'append' }),
      );
      assert.equal(commit.rows, 1);
      assert.equal(commit.bytes, staged.bytes);
    }
    assert.deepEqual(await currentRows(sink), ['1', '2', '20', '30']);
    const record = await recordOf(sink, 3);
    assert.equal(record.files?.length, 3);
    assert.equal(record.rows, 1);
    assert.ok(before.startsWith('v1-'));
    assert.deepEqual(await versionFolders(sink), [2, 3]);
  });

  it('appends again after a fence took a version', async () => {
    const sink = filesSink(root);
    const append = async (run: string, base: number, id: number) =>
      done(
        publishTask(sink, { run, base, staged: await stage(root, ids(id, id)), mode: 'append' }),
      );
    await append('run1', 0, 1);
    assert.equal(await done(fenceTask(sink, 'run2', 1)), null);
    assert.equal((await append('run3', 2, 3)).version, 3);
    assert.deepEqual(await currentRows(sink), ['1', '3']);
  });

  it('links the staged files: no byte is written twice', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 5));
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    const file = (await recordOf(sink, 1)).files?.[0]?.path ?? '';
    assert.equal(statSync(join(root, 'lake', file)).ino, statSync(staged.files[0]?.uri ?? '').ino);
  });

  it('adopts the commit that this run made before', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    const task = publishTask(sink, { run: 'run1', base: 0, staged, mode: 'append' });
    const first = await done(task);
    assert.deepEqual(await done(task), { ...first, adopted: true });
    await done(publishTask(sink, { run: 'run2', base: 1, staged, mode: 'append' }));
    assert.deepEqual(await done(task), { ...first, adopted: true });
    assert.deepEqual(await currentRows(sink), ['1', '1', '2', '2']);
    const other = await stage(root, ids(7, 7));
    const again = { run: 'run1', base: 2, staged: other, manifest: 'another' };
    assert.equal(
      (await done(publishTask(sink, again))).version,
      3,
      'other data of one run is published',
    );
    assert.deepEqual(await currentRows(sink), ['7']);
  });

  it('refuses a version that is taken, and leaves nothing behind', async () => {
    const sink = filesSink(root);
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 2)) }));
    const late = publishTask(sink, { run: 'run2', base: 0, staged: await stage(root, ids(3, 4)) });
    const end = await failed(late);
    assert.equal(end.type, 'VersionTaken');
    assert.match(end.message, /is at version 1 \(commit of run run1\).*builds on version 0/);
    assert.deepEqual(await currentRows(sink), ['1', '2']);
    assert.deepEqual(await versionFolders(sink), [1]);
    assert.deepEqual(await leftovers(sink), []);
  });

  it('a fence answers with the commit that the run made, and else takes its version', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null);
    assert.equal(
      (await failed(publishTask(sink, { run: 'run0', base: 0, staged }))).type,
      'VersionTaken',
    );
    const commit = await done(publishTask(sink, { run: 'run1', base: 1, staged }));
    assert.deepEqual(await done(fenceTask(sink, 'run1', 1)), { ...commit, adopted: true });
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null, 'again, it changes nothing');
    assert.equal(await done(inspectTask(sink)), 2);
    assert.equal((await recordOf(sink, 1)).kind, 'fence');
  });

  it('shows the columns of a first version without rows, partitioned or not', async () => {
    for (const partition_by of [undefined, ['name']]) {
      const sink = filesSink(root, { path: `empty${partition_by?.length ?? 0}`, partition_by });
      const staged = await stage(root, `${ids(1, 2)} LIMIT 0`);
      await done(publishTask(sink, { run: 'run1', base: 0, staged }));
      const glob = join(root, String(sink.parameters['path']), 'current', '**', '*.parquet');
      const columns = await inMemory(
        `DESCRIBE SELECT * FROM read_parquet('${glob}', hive_partitioning = true)`,
      );
      assert.deepEqual(
        columns.map(({ column_name }) => column_name),
        ['id', 'name'],
      );
      assert.deepEqual(await currentRows(sink), []);
    }
  });

  it('refuses to append other columns or in another way of writing', async () => {
    const sink = filesSink(root);
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 2)) }));
    const staged = await stage(root, `SELECT 1::INTEGER AS id, true AS flag`);
    const columns = await failed(
      publishTask(sink, { run: 'run2', base: 1, staged, mode: 'append' }),
    );
    assert.equal(columns.type, 'DataError');
    assert.match(
      columns.message,
      /column `id` is int64 in its files and int32 in the run; the run brings no column `name`; its files have no column `flag`/,
    );
    const csv = filesSink(root, { format: 'csv' });
    const format = await failed(
      publishTask(csv, {
        run: 'run2',
        base: 1,
        staged: await stage(root, ids(3, 4)),
        mode: 'append',
      }),
    );
    assert.equal(format.type, 'ConfigError');
    assert.match(format.message, /`format` "parquet", this sink "csv"/);
    assert.deepEqual(await leftovers(sink), []);
    assert.deepEqual(await versionFolders(sink), [1]);
  });

  it('says which file of the version to append to is missing', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    await rm(join(root, 'lake', (await recordOf(sink, 1)).files?.[0]?.path ?? ''));
    const end = await failed(publishTask(sink, { run: 'run2', base: 1, staged, mode: 'append' }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /part-v1-00000\.parquet is missing/);
    assert.deepEqual(await leftovers(sink), []);
  });

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
    assert.equal(await done(inspectTask(sink)), 0);
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
    assert.equal(await done(inspectTask(sink)), 1);
    assert.equal(await readlink(join(root, 'lake', 'current')), (await recordOf(sink, 1)).folder);
  });

  it('names a record that cannot be read', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 2));
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    await writeFile(join(root, 'lake', '_beamline', '1.json'), '{"version": 1');
    const end = await failed(inspectTask(sink));
    assert.equal(end.type, 'ConfigError');
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
