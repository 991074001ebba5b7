import assert from 'node:assert/strict';
import { rule } from '../rule.js';

/** The same for every runner: what Beam itself makes of two rows. */
export const results = [
  rule('the rows are those that were read', 'leaves a row out', async (place) => {
    const { rows } = await place.result();
    assert.deepEqual(rows, [
      { id: '1', name: 'Ada' },
      { id: '2', name: 'Grace' },
    ]);
  }),

  rule(
    'their columns have the types that they have everywhere',
    'changes a type',
    async (place) => {
      const { columns } = await place.result();
      assert.deepEqual(columns, { id: 'BIGINT', name: 'VARCHAR' });
    },
  ),

  rule('the receipt counts them', 'counts what it did not read', async (place) => {
    const { counts } = await place.result();
    assert.deepEqual(counts, { read: 2, staged: 2, rejected: 0, published: 2 });
  }),
];
