import assert from 'node:assert/strict';
import { rule } from '../rule.js';

const merge = { modes: ['merge'] } as const;

export const modes = [
  rule(
    'replace: the new rows take the place of all others',
    'appends for replace',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], mode: 'replace' });
      const commit = await place.publish({ run: 'run2', rows: [3, 4], mode: 'replace' });
      assert.deepEqual([commit.version, commit.rows, commit.adopted], [2, 2, false]);
      assert.deepEqual(await place.rows(), ['3', '4']);
    },
  ),

  rule('replace by nothing leaves nothing', 'keeps rows for nothing', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 3], mode: 'replace' });
    assert.equal((await place.publish({ run: 'run2', rows: [1, 0], mode: 'replace' })).rows, 0);
    assert.deepEqual(await place.rows(), []);
    assert.equal((await place.position()).empty, true);
  }),

  rule('append: the new rows are added', 'replaces for append', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 3] });
    await place.publish({ run: 'run2', rows: [3, 4] });
    assert.deepEqual(await place.rows(), ['1', '2', '3', '3', '4']);
  }),

  rule(
    'merge: rows of one key are replaced, others are added, and the rest stays',
    'merges by adding',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3], mode: 'merge' });
      await place.publish({ run: 'run2', rows: [3, 4], mode: 'merge' });
      assert.deepEqual(await place.rows(), ['1', '2', '3', '4']);
    },
    merge,
  ),

  rule(
    'merge: several rows of one key are refused, unless an order says which one counts',
    'takes any of several rows',
    async (place) => {
      const rows = "SELECT 1::BIGINT AS id, 'a' AS name UNION ALL SELECT 1, 'b'";
      await place.publish({ run: 'run1', rows: [1, 2], mode: 'merge' });
      await place.refused('DataError', { run: 'run2', rows, mode: 'merge' });
      const ordered = { keys: ['id'], order: ['name'], window: null };
      await place.publish({ run: 'run3', rows, mode: 'merge', merge: ordered });
      assert.deepEqual(await place.rows(), ['1', '2']);
    },
    merge,
  ),

  rule('a publish that fails leaves everything as it was', 'writes half', async (place) => {
    await place.publish({ run: 'run1', rows: [1, 3] });
    const rows = "SELECT 9::BIGINT AS id, 'x' AS name, 1 AS extra";
    await place.refused('DataError', { run: 'run2', rows });
    await place.publish({ run: 'run3', rows: [4, 4] });
    assert.deepEqual(await place.rows(), ['1', '2', '3', '4']);
  }),
];
