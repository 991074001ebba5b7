import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { ids } from '../../../destinations/support.js';
import { endOf, type Batch } from '../place.js';
import { rule, type Rule } from '../rule.js';

const more = `SELECT *, 1 AS extra FROM (${ids(4, 5)})`;
const adding = { schemaChange: 'add_columns' } as const;

/** What a later run brings; there are `id` (an integer) and `name`. */
const brought: [what: string, batch: Omit<Batch, 'run'>, isTaken: boolean, needs: Rule['needs']][] =
  [
    ['the same columns', { rows: [4, 5] }, true, {}],
    ['one more column', { rows: more }, false, {}],
    ['one column less', { rows: `SELECT id FROM (${ids(4, 5)})` }, false, {}],
    [
      'another type',
      { rows: `SELECT id + 0.5::DOUBLE AS id, name FROM (${ids(4, 5)})` },
      false,
      {},
    ],
    ['another order', { rows: `SELECT name, id FROM (${ids(4, 5)})` }, true, {}],
    ['one that may be added', { rows: more, onSchemaChange: 'add_columns' }, true, adding],
    ['others in place of all', { rows: 'SELECT 1 AS other', mode: 'replace' }, true, {}],
  ];

export const columns = [
  rule(
    'a look ahead finds nothing amiss where nothing is, and makes nothing',
    'makes at a look',
    async (place) => {
      const request = await place.request({ run: 'run1', rows: [1, 3] });
      const before = await readdir(place.root);
      await place.check(request);
      assert.deepEqual(await readdir(place.root), before);
      assert.equal((await place.inspect()).version, 0);
    },
  ),

  ...brought.map(([what, batch, isTaken, needs]) =>
    rule(
      `a look ahead says what the publish says: ${what}`,
      isTaken ? 'refuses at each look' : 'sees nothing ahead',
      async (place) => {
        await place.publish({ run: 'run1', rows: [1, 3], mode: 'replace' });
        const request = await place.request({ run: 'run2', ...batch });
        const ahead = await endOf(place.check(request));
        assert.equal(ahead === null, isTaken);
        assert.deepEqual(await place.rows(), ['1', '2', '3']);
        assert.deepEqual(await endOf(place.commit(request)), ahead);
      },
      needs,
    ),
  ),

  rule(
    'discard: a new column is left out',
    'adds every column',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3] });
      await place.publish({ run: 'run2', rows: more, onSchemaChange: 'discard' });
      assert.deepEqual(await place.rows(), ['1', '2', '3', '4', '5']);
      await place.publish({ run: 'run3', rows: [6, 6] });
    },
    { schemaChange: 'discard' },
  ),

  rule(
    'add_columns: a new column is there from then on',
    'leaves new columns out',
    async (place) => {
      await place.publish({ run: 'run1', rows: [1, 3] });
      await place.publish({ run: 'run2', rows: more, onSchemaChange: 'add_columns' });
      await place.publish({ run: 'run3', rows: more, mode: 'append' });
      assert.equal((await place.rows()).length, 7);
    },
    adding,
  ),
];
