import assert from 'node:assert/strict';
import { remembered } from '../../src/gateway/intake/remembered.js';

describe('a question of health', () => {
  it('is asked once in a while, however often somebody looks, and anew after that', async () => {
    let now = 0;
    let asked = 0;
    let answer = true;
    const isReady = remembered(
      5_000,
      async () => {
        asked += 1;
        return answer;
      },
      () => now,
    );
    const flood = await Promise.all(Array.from({ length: 1_000 }, () => isReady()));
    assert.deepEqual([asked, flood.every(Boolean)], [1, true]);
    answer = false;
    now = 4_999;
    assert.equal(await isReady(), true);
    now = 5_000;
    assert.equal(await isReady(), false);
    assert.equal(asked, 2);
  });
});
