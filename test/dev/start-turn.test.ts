import assert from 'node:assert/strict';
import { takeStartTurn } from '../../src/dev/environment/start-turn.js';

describe('the turn of a stack that starts', () => {
  it('is one at a time, and the next one comes when it ends', async () => {
    const { signal } = new AbortController();
    const order: string[] = [];
    const end = await takeStartTurn(signal);
    const next = takeStartTurn(signal).then((endNext) => {
      order.push('next');
      return endNext;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    order.push('end');
    end();
    end();
    (await next)();
    assert.deepEqual(order, ['end', 'next']);
  });

  it('is not waited for by one that is told to stop', async () => {
    const stopping = new AbortController();
    const end = await takeStartTurn(stopping.signal);
    const next = takeStartTurn(stopping.signal);
    stopping.abort();
    await assert.rejects(next, { name: 'AbortError' });
    end();
  });
});
