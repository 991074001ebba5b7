import assert from 'node:assert/strict';
import { leastInteger } from '../../../../src/shared/run/window.js';
import { failureOf } from '../../../destinations/in-process.js';
import { windowOf } from '../place.js';
import { rule } from '../rule.js';

export const windows = [
  rule('what was never published to has no position', 'remembers what was not', async (place) => {
    const nothing = { empty: true, cursors: {}, greatest: {}, last: null, commits: [] };
    assert.deepEqual(await place.position(['sales.orders']), nothing);
  }),

  rule(
    'a commit records where the next window of each source begins',
    'records nothing',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const other = windowOf(null, 9, { key: 'other.orders', next: '7' });
      await place.publish({ run: 'run2', rows: [5, 6], windows: [other] });
      assert.deepEqual((await place.position()).cursors, {
        'sales.orders': { column: 'id', type: 'integer', next: '4' },
        'other.orders': { column: 'id', type: 'integer', next: '7' },
      });
    },
  ),

  rule(
    'an append of what another run appended is refused, unless it is asked for',
    'lets windows in twice',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      for (const low of [null, 1, 3]) {
        const again = { run: 'run2', rows: [3, 5], windows: [windowOf(low, 6)] } as const;
        const message = await place.refused('WindowCommitted', {
          ...again,
          windows: [windowOf(low, 6)],
        });
        assert.match(message, /the rows of sales\.orders before id 4 .*run1.*--again/);
      }
      await place.publish({ run: 'run2', rows: [4, 5], windows: [windowOf(4, 6)] });
      await place.publish({ run: 'run3', rows: [1, 1], windows: [windowOf(1, 2)], again: true });
      assert.deepEqual(await place.rows(), ['1', '1', '2', '3', '4', '5']);
    },
  ),

  rule(
    'a window of the past does not move the record back',
    'moves records back',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      await place.publish({ run: 'run2', rows: [1, 1], windows: [windowOf(1, 2)], again: true });
      assert.equal(await place.nextOf(), '4');
    },
  ),

  rule(
    'a window that holds nothing of what is there is refused by none',
    'compares windows by their record',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 4], windows: [windowOf(null, 5)] });
      await place.publish({ run: 'run2', rows: [1, 0], windows: [windowOf(2, 2)] });
      const beforeAll = windowOf(null, 0, { high: leastInteger, next: leastInteger });
      await place.publish({ run: 'run3', rows: [1, 0], windows: [beforeAll] });
      const behind = windowOf(4, 6, { low_inclusive: false });
      await place.publish({ run: 'run4', rows: [5, 5], windows: [behind] });
      assert.deepEqual(await place.rows(), ['1', '2', '3', '4', '5']);
      assert.equal(await place.nextOf(), '6');
    },
  ),

  rule(
    'a record of a source that had nothing is before every row',
    'compares windows by their record',
    async (place) => {
      await place.publish({ run: 'run0', rows: [7, 7] });
      const nothing = windowOf(null, 0, { high: leastInteger, next: leastInteger });
      await place.publish({ run: 'run1', rows: [1, 0], windows: [nothing] });
      await place.publish({ run: 'run2', rows: [1, 4], windows: [windowOf(null, 5)] });
      assert.deepEqual(await place.rows(), ['1', '2', '3', '4', '7']);
      await place.refused('WindowCommitted', {
        run: 'run3',
        rows: [1, 4],
        windows: [windowOf(null, 5)],
      });
    },
  ),

  rule('whole numbers are compared as numbers', 'compares windows as texts', async (place) => {
    await place.publish({ run: 'run1', rows: [9, 9], windows: [windowOf(null, 10)] });
    await place.refused('WindowCommitted', {
      run: 'run2',
      rows: [9, 9],
      windows: [windowOf(9, 99)],
    });
    await place.publish({ run: 'run3', rows: [100, 100], windows: [windowOf(100, 101)] });
    assert.equal(await place.nextOf(), '101');
  }),

  rule(
    'one run may append one window by two sinks, and its retry adopts each',
    'refuses its own window',
    async (place) => {
      const batch = { run: 'run1', windows: [windowOf(null, 4)] };
      const first = await place.publish({ ...batch, rows: [1, 3], sinkName: 'a' });
      await place.publish({ ...batch, rows: [11, 13], sinkName: 'b' });
      const retried = await place.publish({ ...batch, rows: [1, 3], sinkName: 'a' });
      assert.deepEqual(retried, { ...first, adopted: true });
      assert.equal((await place.rows()).length, 6);
    },
  ),

  rule(
    'what a run has committed stands, though a later attempt read other rows',
    'adopts by the manifest',
    async (place) => {
      const mode = place.destination.modes.includes('merge') ? 'merge' : 'append';
      const batch = { run: 'run1', mode, windows: [windowOf(null, 4)] } as const;
      const first = await place.publish({
        ...batch,
        windows: [windowOf(null, 4)],
        rows: [1, 3],
        manifest: 'first',
      });
      place.version = 0;
      const again = await place.publish({
        ...batch,
        windows: [windowOf(null, 4)],
        rows: [1, 2],
        manifest: 'second',
      });
      assert.deepEqual(again, { ...first, adopted: true });
      assert.deepEqual(await place.rows(), ['1', '2', '3']);
    },
  ),

  rule(
    'another pipeline may append its own source to the same destination',
    'has one record for all',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const key = 'other.orders';
      await place.publish({ run: 'run2', rows: [1, 3], windows: [windowOf(null, 4, { key })] });
      assert.equal((await place.rows()).length, 6);
    },
  ),

  rule(
    'VersionTaken, not WindowCommitted, is said to a run that may look again',
    'looks at windows first',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      place.version = 0;
      const late = { run: 'run2', rows: [1, 3], windows: [windowOf(null, 4)] } as const;
      const failure = await failureOf(place.publish({ ...late, windows: [windowOf(null, 4)] }));
      assert.equal(failure.type, 'VersionTaken');
    },
  ),

  rule(
    'a replace forgets the records before it: they tell nothing of what is there',
    'keeps records over a replace',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      await place.publish({ run: 'run2', rows: [1, 7], mode: 'replace' });
      const { cursors, greatest } = await place.position(['sales.orders']);
      assert.deepEqual(cursors, {});
      assert.deepEqual(greatest, { 'sales.orders': { type: 'integer', value: '7' } });
      await place.publish({
        run: 'run3',
        rows: [2, 2],
        mode: 'replace',
        windows: [windowOf(2, 3)],
      });
      assert.equal(await place.nextOf(), '3', 'what a replace itself brings is recorded');
    },
  ),

  rule(
    'a replace by an earlier window is refused, unless it is asked for',
    'lets windows in twice',
    async (place) => {
      const mode = 'replace';
      await place.publish({ run: 'run1', rows: [5, 9], mode, windows: [windowOf(5, 10)] });
      const early = { run: 'run2', mode, rows: [1, 4], windows: [windowOf(1, 5)] } as const;
      const message = await place.refused('WindowCommitted', {
        ...early,
        windows: [windowOf(1, 5)],
      });
      assert.match(
        message,
        /the rows of .* before id 10 .*run1.*replace them by those before 5.*--again/,
      );
      await place.publish({ run: 'run3', rows: [5, 9], mode, windows: [windowOf(5, 10)] });
      await place.publish({
        run: 'run4',
        mode,
        rows: [1, 4],
        windows: [windowOf(1, 5)],
        again: true,
      });
      assert.deepEqual(await place.rows(), ['1', '2', '3', '4']);
    },
  ),

  rule(
    'a record of another column says nothing about this one',
    'compares windows of any column',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const day = { column: 'day', type: 'date', high: '2026-01-02', next: '2026-01-02' } as const;
      await place.publish({ run: 'run2', rows: [4, 4], windows: [windowOf(null, 2, day)] });
      assert.equal(await place.nextOf(), '2026-01-02');
    },
  ),

  rule(
    'no greatest value is looked for of a source that is recorded',
    'looks for every greatest value',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const asked = [
        { key: 'sales.orders', column: 'updated_at' },
        { key: 'sales.lines', column: 'id' },
      ];
      const found = await place.open((publisher) => publisher.position(asked));
      assert.equal(found.cursors['sales.orders']?.next, '4');
      assert.deepEqual(found.greatest, { 'sales.lines': { type: 'integer', value: '3' } });
      const failure = await failureOf(place.position(['sales.lines'], 'updated_at'));
      assert.equal(failure.type, 'ConfigError');
      assert.match(failure.message, /ha(s|ve) no column `updated_at`/);
    },
  ),
];
