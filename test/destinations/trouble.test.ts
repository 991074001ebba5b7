import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { destination as duckdb } from '../../src/destinations/duckdb/index.js';
import { destination as files } from '../../src/destinations/files/index.js';
import { temporaryRoot } from '../support/stack.js';
import { commits, duckdbSink, tableIds } from './duckdb/support.js';
import { filesSink } from './files/support.js';
import { boundByRights, withLittleSpace } from './limits.js';
import {
  done,
  failed,
  fenceTask,
  inspectTask,
  publishTask,
  stage,
  startPublisher,
  startWithFault,
} from './support.js';

describe('destinations in trouble', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  const sinks = { duckdb: duckdbSink, files: filesSink };
  const places = { duckdb: 'database', files: 'path' };

  for (const module of ['duckdb', 'files'] as const) {
    it(`${module}: a folder without permission is named, before and at publish`, async () => {
      const staged = await stage(root, 'SELECT 1 AS id');
      const folder = join(root, 'locked');
      await mkdir(folder);
      await chmod(folder, 0o555);
      for (const path of ['locked/new', 'locked/sub/new']) {
        const sink = sinks[module](root, { [places[module]]: path });
        for (const task of [
          inspectTask(sink),
          publishTask(sink, { run: 'run1', base: 0, staged }),
        ]) {
          const end = await failed(task, {}, boundByRights());
          assert.equal(end.type, 'PermissionDenied');
          assert.match(end.message, /locked.* may not be written\. Nothing was written/);
        }
      }
      assert.deepEqual(await readdir(folder), []);
    });

    it(`${module}: a full disk is named, and is no defect`, async () => {
      const staged = await stage(root, 'SELECT hash(range)::VARCHAR AS id FROM range(200000)');
      const folder = join(root, 'small');
      await mkdir(folder);
      const sink = sinks[module](root, {
        [places[module]]: 'small/new',
        ...(module === 'files' ? { format: 'csv' } : {}),
      });
      const task = publishTask(sink, { run: 'run1', base: 0, staged });
      const end = await failed(task, {}, withLittleSpace(folder));
      assert.equal(end.type, 'StorageFull', JSON.stringify(end));
      assert.match(end.message, /no space is left\. Nothing was written/);
    });

    it(`${module}: the key of a path is the same before and after it exists`, async () => {
      await mkdir(join(root, 'real'));
      await symlink(join(root, 'real'), join(root, 'link'));
      const context = { root, storeId: 'store' };
      const key = (path: string) =>
        module === 'duckdb'
          ? duckdb.key({ database: path, table: 'T' }, context)
          : files.key({ path, format: 'parquet' }, context);
      const before = key('link/a/b');
      assert.equal(before, key('real/a/b'));
      await mkdir(join(root, 'real', 'a', 'b'), { recursive: true });
      assert.equal(key('link/a/b'), before);
    });
  }

  it('duckdb: a file that another process has open is busy, and its process is named', async () => {
    const sink = { ...duckdbSink(root), waitMs: 600 };
    const staged = await stage(root, 'SELECT 1 AS id');
    const task = publishTask(sink, { run: 'run1', base: 0, staged });
    const holder = await startWithFault(task, 'publisher:publish:opened', 'SIGSTOP');
    const began = Date.now();
    const end = await failed(publishTask(sink, { run: 'run2', base: 0, staged }));
    assert.equal(end.type, 'DestinationBusy');
    assert.ok(end.message.includes(`locked by process ${holder.pid}: waited 0.6 s`), end.message);
    assert.ok(Date.now() - began >= 600);
    holder.kill('SIGKILL');
    await holder.end;
    assert.equal((await done(publishTask(sink, { run: 'run2', base: 0, staged }))).version, 1);
  });

  it('duckdb: waits for a file that is soon free', async () => {
    const staged = await stage(root, 'SELECT 1 AS id');
    const sink = duckdbSink(root);
    const task = publishTask(sink, { run: 'run1', base: 0, staged });
    const holder = await startWithFault(task, 'publisher:publish:opened', 'SIGSTOP');
    const waiting = startPublisher(publishTask(sink, { run: 'run2', base: 0, staged }));
    await sleep(300);
    holder.kill('SIGKILL');
    assert.equal((await waiting.end).kind, 'done');
    assert.deepEqual(await commits(root), [['main.orders', '1', 'commit', 'run2']]);
  });

  it('duckdb: of two publishers at once, one commits', async () => {
    const sink = { ...duckdbSink(root), waitMs: 20_000 };
    const staged = await stage(root, 'SELECT 1 AS id');
    const ends = await Promise.all(
      ['a', 'b'].map((run) => startPublisher(publishTask(sink, { run, base: 0, staged })).end),
    );
    const kinds = ends.map((end) => (end.kind === 'failed' ? end.type : end.kind));
    assert.deepEqual(kinds.toSorted(), ['VersionTaken', 'done']);
    assert.deepEqual(await tableIds(root), ['1']);
  });

  for (const point of [
    'publisher:publish:opened',
    'publisher:before-commit',
    'publisher:publish:done',
  ]) {
    it(`duckdb: killed at ${point}, a retry ends it with each row once`, async () => {
      const staged = await stage(root, 'SELECT 1 AS id');
      const task = publishTask(duckdbSink(root), { run: 'run1', base: 0, staged, mode: 'append' });
      await startWithFault(task, point, 'SIGKILL');
      assert.equal((await done(task)).adopted, point === 'publisher:publish:done');
      assert.deepEqual(await tableIds(root), ['1']);
    });
  }

  it('duckdb: a publisher that starts late, after a fence, commits nothing', async () => {
    const sink = duckdbSink(root);
    const staged = await stage(root, 'SELECT 1 AS id');
    const task = publishTask(sink, { run: 'run1', base: 0, staged });
    // While it sleeps it holds the file: the worker ends it before it fences.
    const sleeper = await startWithFault(task, 'publisher:before-commit', 'SIGSTOP');
    sleeper.kill('SIGKILL');
    await sleeper.end;
    assert.equal(await done(fenceTask(sink, 'run1', 0)), null);
    assert.equal((await failed(task)).type, 'VersionTaken');
    assert.deepEqual(await commits(root), [['main.orders', '1', 'fence', 'run1']]);
  });

  it('duckdb: a path that cannot be a database is an error of the config', async () => {
    await mkdir(join(root, 'folder'));
    await writeFile(join(root, 'note.txt'), 'x'.repeat(20_000));
    for (const database of ['folder', 'note.txt', 'note.txt/warehouse.duckdb']) {
      const end = await failed(inspectTask(duckdbSink(root, { database })));
      assert.equal(end.type, 'ConfigError', `${database}: ${end.message}`);
    }
  });
});
