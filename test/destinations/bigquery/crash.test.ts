import assert from 'node:assert/strict';
import type { Commit } from '../../../src/destinations/destination.js';
import {
  done,
  failed,
  fenceTask,
  ids,
  publishTask,
  stage,
  startPublisher,
  startWithFault,
} from '../support.js';
import { type TestDataset, withDataset } from './support.js';

/** Every boundary of a publish at which its process may die. */
const points = [
  'publisher:publish:opened',
  'publisher:bigquery:staged',
  'publisher:bigquery:table-made',
  'publisher:before-commit',
  'publisher:bigquery:job-inserted',
  'publisher:bigquery:committed',
  'publisher:publish:done',
];

describe('bigquery: crashes', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => {
    ({ root, dataset } = ready);
  });

  for (const point of points) {
    it(`killed at ${point}, a second attempt publishes each row once`, async () => {
      const sink = dataset.sink();
      const staged = await stage(root, ids(1, 2), ids(3, 3));
      const task = publishTask(sink, { run: 'run1', base: 0, staged, mode: 'append' });
      await startWithFault(task, point, 'SIGKILL');
      const commit = await done(task);
      assert.deepEqual(
        { ...commit, adopted: false },
        { version: 1, rows: 3, bytes: staged.bytes, adopted: false },
      );
      assert.deepEqual(await dataset.ids(), ['1', '2', '3']);
      assert.deepEqual(await dataset.commits(), [['orders', '1', 'commit', 'run1']]);
      assert.deepEqual(await dataset.staging(), []);
    });
  }

  it('killed before its commit and fenced, it leaves no staging and no rows', async () => {
    const staged = await stage(root, ids(1, 2));
    const task = publishTask(dataset.sink(), { run: 'run1', base: 0, staged });
    await startWithFault(task, 'publisher:bigquery:staged', 'SIGKILL');
    assert.equal((await dataset.staging()).length, 1);
    assert.equal(await done(fenceTask(dataset.sink(), 'run1', 0)), null);
    assert.deepEqual(await dataset.staging(), []);
    assert.equal(await dataset.table(), null);
    assert.equal((await failed(task)).type, 'VersionTaken');
    assert.deepEqual(await dataset.staging(), []);
  });

  it('killed with its job inserted and fenced, the job counts', async () => {
    const staged = await stage(root, ids(1, 2));
    const task = publishTask(dataset.sink(), { run: 'run1', base: 0, staged });
    await startWithFault(task, 'publisher:bigquery:job-inserted', 'SIGKILL');
    const commit = await done<Commit | null>(fenceTask(dataset.sink(), 'run1', 0));
    assert.deepEqual(commit, { version: 1, rows: 2, bytes: staged.bytes, adopted: true });
    assert.deepEqual(await dataset.ids(), ['1', '2']);
  });

  for (const point of ['publisher:bigquery:staged', 'publisher:before-commit']) {
    it(`asleep at ${point} while another run publishes, it changes nothing when it wakes`, async () => {
      const sink = dataset.sink();
      const late = publishTask(sink, {
        run: 'run1',
        base: 0,
        staged: await stage(root, ids(1, 2)),
      });
      const sleeper = await startWithFault(late, point, 'SIGSTOP');
      await done(fenceTask(sink, 'run1', 0));
      await done(publishTask(sink, { run: 'run2', base: 1, staged: await stage(root, ids(5, 5)) }));
      sleeper.kill('SIGCONT');
      const end = await sleeper.end;
      assert.ok(end.kind === 'failed' && end.type === 'VersionTaken', JSON.stringify(end));
      assert.deepEqual(await dataset.ids(), ['5']);
      assert.deepEqual(await dataset.commits(), [
        ['orders', '1', 'fence', 'run1'],
        ['orders', '2', 'commit', 'run2'],
      ]);
      assert.deepEqual(await dataset.staging(), []);
    });
  }

  it('of two attempts of one run at once, both answer with the one commit', async () => {
    const staged = await stage(root, ids(1, 3));
    const task = publishTask(dataset.sink(), { run: 'run1', base: 0, staged, mode: 'append' });
    const ends = await Promise.all([startPublisher(task).end, startPublisher(task).end]);
    for (const end of ends) {
      assert.equal(end.kind, 'done', JSON.stringify(end));
    }
    assert.deepEqual(await dataset.ids(), ['1', '2', '3']);
    assert.deepEqual(await dataset.staging(), []);
  });

  it('of two runs at once, one publishes and the other is told', async () => {
    const tasks = await Promise.all(
      ['run1', 'run2'].map(async (run, index) =>
        publishTask(dataset.sink(), {
          run,
          base: 0,
          staged: await stage(root, ids(index, index)),
          mode: 'append',
        }),
      ),
    );
    const ends = await Promise.all(tasks.map((task) => startPublisher(task).end));
    const types = ends.map((end) => (end.kind === 'failed' ? end.type : end.kind)).toSorted();
    assert.deepEqual(types, ['VersionTaken', 'done']);
    assert.equal((await dataset.ids()).length, 1);
    assert.deepEqual(await dataset.staging(), []);
  });
});
