import assert from 'node:assert/strict';
import { sampleOrigin } from '../../../destinations/support.js';
import { failureOf } from '../../../destinations/in-process.js';
import { rule } from '../rule.js';

const ten = '2200-01-31T10:00:00.000Z';

/** A run may come again to a destination in which it has a commit: tried again, or reset. */
export const commits = [
  rule('a publish that is made again changes nothing', 'adopts nothing', async (place) => {
    for (const mode of ['append', 'replace'] as const) {
      const request = await place.request({ run: `run of ${mode}`, rows: [1, 2], mode });
      const first = await place.commit(request);
      assert.equal(first.adopted, false);
      assert.deepEqual(await place.commit(request), { ...first, adopted: true });
      assert.deepEqual(await place.rows(), ['1', '2']);
    }
  }),

  rule('is adopted under later commits, too', 'adopts the newest only', async (place) => {
    const request = await place.request({ run: 'run1', rows: [1, 2] });
    const first = await place.commit(request);
    await place.publish({ run: 'run2', rows: [3, 4] });
    assert.deepEqual(await place.commit(request), { ...first, adopted: true });
    assert.equal((await place.rows()).length, 4);
  }),

  rule('a version that is taken is refused', 'takes any base', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 2] });
    const late = { ...(await place.request({ run: 'run2', rows: [3, 4] })), baseVersion: 0 };
    const early = { ...late, baseVersion: 2 };
    for (const request of [late, early]) {
      assert.equal((await failureOf(place.commit(request))).type, 'VersionTaken');
    }
    assert.deepEqual(await place.rows(), ['1', '2']);
  }),

  rule(
    'other rows of the run, read anew after a reset, are a commit of their own',
    'adopts by the run alone',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 2], mode: 'replace' });
      const again = { run: 'run1', rows: [7, 8], mode: 'replace', manifest: 'another' } as const;
      const commit = await place.publish(again);
      assert.deepEqual([commit.version, commit.adopted], [2, false]);
      assert.deepEqual(await place.rows(), ['7', '8']);
    },
  ),

  rule('a fence takes the version that a sleeper would take', 'forgets fences', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 2], mode: 'replace' });
    const sleeper = { run: 'run1', rows: [7, 8], mode: 'replace', manifest: 'another' } as const;
    const request = await place.request(sleeper);
    assert.equal(await place.fence('run1', 1), null);
    assert.equal((await place.inspect()).version, 2);
    assert.equal((await failureOf(place.commit(request))).type, 'VersionTaken');
    assert.deepEqual(await place.rows(), ['1', '2']);
  }),

  rule('a fence that is made again takes no other version', 'fences each time', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 2] });
    for (let time = 0; time < 2; time++) assert.equal(await place.fence('run2', 1), null);
    assert.equal((await place.inspect()).version, 2);
  }),

  rule(
    'a fence answers with the commit that it was to prevent',
    'fences over commits',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 2] });
      assert.equal((await place.fence('run1', 0))?.version, 1);
      assert.equal((await place.inspect()).version, 1);
    },
  ),

  rule(
    'an inspection tells the order, and what the run that asks has',
    'tells no own commit',
    async (place) => {
      assert.deepEqual(await place.inspect('run1'), { version: 0, readAt: null, own: null });
      await place.publish({ run: 'run1', rows: [1, 2], readAt: ten });
      const second = { run: 'run2', rows: [3, 3], readAt: '2200-01-31T09:00:00.000Z' } as const;
      const { version, rows, bytes } = await place.publish(second);
      const found = await place.inspect('run2');
      assert.deepEqual([found.version, found.readAt], [2, ten]);
      assert.deepEqual(found.own, { version, rows, bytes, adopted: true });
      assert.equal((await place.inspect('run3')).own, null);
    },
  ),

  rule(
    'a position names the run of the newest commit, and the newest ones',
    'names fences',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 1] });
      const origin = { ...sampleOrigin, pipeline: 'sales', manifestSha256: 'def' };
      await place.publish({ run: 'run2', rows: [2, 2], origin, readAt: ten, sinkName: 'first' });
      await place.fence('run3', 2);
      const { last, commits: found } = await place.position();
      assert.deepEqual(last, { ...origin, runKey: 'run2', sink: 'first', readAt: ten });
      assert.deepEqual(found, [
        { runKey: 'run2', sink: 'first' },
        { runKey: 'run1', sink: 'sink' },
      ]);
    },
  ),
];
