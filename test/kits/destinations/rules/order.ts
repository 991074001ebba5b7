import assert from 'node:assert/strict';
import type { SinkMode } from '../../../../src/destinations/destination.js';
import type { Commit } from '../../../../src/destinations/destination.js';
import type { KitPlace } from '../place.js';
import { rule } from '../rule.js';

const nine = '2026-01-31T09:00:00.000Z';
const ten = '2026-01-31T10:00:00.000Z';
const eleven = '2026-01-31T11:00:00.000Z';
const twelve = '2026-01-31T12:00:00.000Z';
const merge = { modes: ['merge'] } as const;

type Read = [run: string, mode: SinkMode, rows: [number, number], readAt: string | null];

function publish(place: KitPlace, ...[run, mode, rows, readAt]: Read): Promise<Commit> {
  return place.publish({ run, mode, rows, readAt });
}

function force(place: KitPlace, ...[run, mode, rows, readAt]: Read): Promise<Commit> {
  return place.publish({ run, mode, rows, readAt, overNewer: true });
}

async function refuse(place: KitPlace, ...[run, mode, rows, readAt]: Read): Promise<string> {
  const message = await place.refused('NewerCommitted', { run, mode, rows, readAt });
  assert.match(message, /Nothing was written\. .*`--over-newer`/);
  return message;
}

/** What was read earlier than what is there. */
export const order = [
  rule('rows read earlier replace nothing that was read later', 'keeps no order', async (place) => {
    await publish(place, 'run2', 'replace', [1, 3], ten);
    const message = await refuse(place, 'run1', 'replace', [1, 2], nine);
    assert.ok(message.includes(`run run2 read at ${ten}; these were read at ${nine}`), message);
    await publish(place, 'run3', 'replace', [4, 4], eleven);
    assert.deepEqual(await place.rows(), ['4']);
  }),

  rule('nor an empty result: that is what was read last', 'keeps no order', async (place) => {
    await publish(place, 'run0', 'replace', [1, 3], nine);
    await publish(place, 'run2', 'replace', [1, 0], ten);
    await refuse(place, 'run1', 'replace', [1, 2], nine);
  }),

  rule(
    'they come in where that is asked for, and the order stays',
    'orders by the newest commit',
    async (place) => {
      await publish(place, 'run2', 'replace', [1, 3], eleven);
      await force(place, 'run1', 'replace', [1, 2], nine);
      assert.deepEqual(await place.rows(), ['1', '2']);
      await refuse(place, 'run3', 'replace', [7, 7], ten);
    },
  ),

  rule(
    'they are appended beside later appends, and not behind a replace',
    'orders appends like others',
    async (place) => {
      await publish(place, 'run2', 'append', [4, 6], ten);
      await publish(place, 'run1', 'append', [1, 3], nine);
      assert.equal((await place.rows()).length, 6);
      await publish(place, 'run4', 'replace', [1, 9], eleven);
      await publish(place, 'run5', 'append', [10, 10], twelve);
      await refuse(place, 'run3', 'append', [7, 7], ten);
    },
  ),

  rule(
    'rows of one instant are in the order of publishing',
    'refuses what was read at once',
    async (place) => {
      await publish(place, 'run1', 'replace', [1, 1], ten);
      await publish(place, 'run2', 'replace', [2, 2], ten);
      assert.deepEqual(await place.rows(), ['2']);
    },
  ),

  rule('rows read earlier replace no later append', 'keeps no order', async (place) => {
    await publish(place, 'run2', 'append', [4, 6], ten);
    await refuse(place, 'run1', 'replace', [1, 3], nine);
  }),

  rule('a fence between changes no order', 'orders by the newest version', async (place) => {
    await publish(place, 'run2', 'replace', [1, 3], ten);
    await place.fence('run3', 1);
    place.version = 2;
    await refuse(place, 'run1', 'replace', [1, 2], nine);
  }),

  rule(
    'a retry adopts what the run has committed, whatever was read later',
    'looks at the order first',
    async (place) => {
      const first = await publish(place, 'run1', 'append', [1, 2], nine);
      await publish(place, 'run2', 'replace', [1, 3], ten);
      assert.deepEqual(await publish(place, 'run1', 'append', [1, 2], nine), {
        ...first,
        adopted: true,
      });
    },
  ),

  rule(
    'a run that does not know when it read goes behind no known order',
    'keeps no order',
    async (place) => {
      await publish(place, 'run1', 'append', [1, 1], null);
      await refuse(place, 'run2', 'replace', [2, 2], null);
      await force(place, 'run3', 'append', [3, 3], null);
    },
  ),

  rule(
    'rows read earlier are merged over nothing that was read later, whoever published it',
    'keeps no order',
    async (place) => {
      await publish(place, 'run2', 'merge', [1, 3], ten);
      await refuse(place, 'run1', 'merge', [3, 5], nine);
      await publish(place, 'run3', 'append', [9, 9], eleven);
      await refuse(place, 'run1', 'merge', [3, 5], ten);
    },
    merge,
  ),

  rule(
    'they are not appended behind a merge, which may have brought them',
    'keeps no order',
    async (place) => {
      await publish(place, 'run2', 'merge', [1, 3], ten);
      await refuse(place, 'run1', 'append', [3, 5], nine);
    },
    merge,
  ),
];
