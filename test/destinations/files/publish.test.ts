import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import {
  done,
  failed,
  fenceTask,
  ids,
  inMemory,
  publishTask,
  stage,
  startPublisher,
  versionOf,
} from '../support.js';
import { currentRows, filesSink, leftovers, recordOf, versionFolders } from './support.js';

describe('files: publish', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  it('replaces what `current` shows, and keeps the version before', async () => {
    const sink = filesSink(root);
    assert.equal(await versionOf(sink), 0);
    for (const version of [1, 2, 3]) {
      const staged = await stage(root, ids(1, version), ids(10, 12));
      const commit = await done(
        publishTask(sink, { run: `run${version}`, base: version - 1, staged }),
      );
      assert.deepEqual(commit, { version, rows: version + 3, bytes: staged.bytes, adopted: false });
      assert.equal((await currentRows(sink)).length, version + 3);
    }
    assert.equal(await versionOf(sink), 3);
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

  it('publishes files that are as open as those that the user makes, whatever staged them', async () => {
    const sink = filesSink(root);
    const staged = await stage(root, ids(1, 5));
    for (const { uri } of staged.files) await chmod(uri, 0o600);
    const end = await startPublisher(publishTask(sink, { run: 'run1', base: 0, staged }), {
      BEAMLINE_UMASK: '27',
    }).end;
    assert.equal(end.kind, 'done');
    const file = (await recordOf(sink, 1)).files?.[0]?.path ?? '';
    assert.equal(statSync(join(root, 'lake', file)).mode & 0o777, 0o640);
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
    assert.equal(await versionOf(sink), 2);
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
});
