import assert from 'node:assert/strict';
import { done, failed, fenceTask, ids, publishTask, stage, versionOf } from '../support.js';
import { type TestDataset, withDataset } from './support.js';

describe('bigquery: publish', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => {
    ({ root, dataset } = ready);
  });

  it('replaces and appends, each row once', async () => {
    const sink = dataset.sink();
    assert.equal(await versionOf(sink), 0);
    const one = await stage(root, ids(1, 2), ids(3, 3));
    const first = await done(publishTask(sink, { run: 'run1', base: 0, staged: one }));
    assert.deepEqual(first, { version: 1, rows: 3, bytes: one.bytes, adopted: false });
    await done(publishTask(sink, { run: 'run2', base: 1, staged: await stage(root, ids(7, 8)) }));
    const more = await stage(root, ids(9, 9));
    const task = publishTask(sink, { run: 'run3', base: 2, staged: more, mode: 'append' });
    assert.equal((await done(task)).rows, 1);
    assert.equal((await done(task)).adopted, true);
    assert.deepEqual(await dataset.ids(), ['7', '8', '9']);
    assert.equal(await versionOf(sink), 3);
    assert.deepEqual(await dataset.staging(), []);
  });

  it('adopts the commit that this run made, also after another run published', async () => {
    const sink = dataset.sink();
    const staged = await stage(root, ids(1, 1));
    const task = publishTask(sink, { run: 'run1', base: 0, staged });
    const first = await done(task);
    await done(publishTask(sink, { run: 'run2', base: 1, staged: await stage(root, ids(2, 2)) }));
    assert.deepEqual(await done(task), { ...first, adopted: true });
    assert.deepEqual(await dataset.ids(), ['2']);
  });

  it('refuses a version that is taken, naming the run that has it', async () => {
    const sink = dataset.sink();
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 1)) }));
    const late = publishTask(sink, { run: 'run2', base: 0, staged: await stage(root, ids(2, 2)) });
    const end = await failed(late);
    assert.equal(end.type, 'VersionTaken');
    assert.match(end.message, /at version 1 \(commit of run run1\)/);
    assert.deepEqual(await dataset.ids(), ['1']);
  });

  it('a fence answers with the commit that the run made, and else takes its version', async () => {
    const sink = dataset.sink();
    const staged = await stage(root, ids(1, 1));
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null);
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null, 'again, it changes nothing');
    assert.equal(
      (await failed(publishTask(sink, { run: 'run0', base: 0, staged }))).type,
      'VersionTaken',
    );
    const commit = await done(publishTask(sink, { run: 'run1', base: 1, staged }));
    assert.deepEqual(await done(fenceTask(sink, 'run1', 1)), { ...commit, adopted: true });
    assert.deepEqual(await dataset.commits(), [
      ['orders', '1', 'fence', 'run0'],
      ['orders', '2', 'commit', 'run1'],
    ]);
  });

  it('an empty result empties the table and keeps its columns', async () => {
    const sink = dataset.sink();
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 3)) }));
    const empty = await stage(root, `${ids(1, 1)} WHERE range > 9`);
    assert.equal((await done(publishTask(sink, { run: 'run2', base: 1, staged: empty }))).rows, 0);
    assert.deepEqual(await dataset.query('SELECT id, name FROM `DATASET.orders`'), []);
  });

  it('two tables of one dataset have versions of their own', async () => {
    const staged = await stage(root, ids(1, 1));
    for (const table of ['orders', 'order-lines']) {
      const sink = dataset.sink({ table: `beamline-test:${dataset.name}.${table}` });
      assert.equal((await done(publishTask(sink, { run: 'run1', base: 0, staged }))).version, 1);
    }
    assert.deepEqual(await dataset.ids('order-lines'), ['1']);
  });
});
