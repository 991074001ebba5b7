import assert from 'node:assert/strict';
import { FollowedTrouble } from '../../src/client/look/trouble.js';
import type { TemporalClient } from '../../src/client/server/connection.js';
import { snapshot } from '../support/run-snapshot.js';

describe('trouble of a run that is followed', () => {
  const temporal = { address: '127.0.0.1:1' } as TemporalClient;

  it('is that its server does not answer, from the third look on', async () => {
    const trouble = new FollowedTrouble(temporal);
    const told: (string | null | undefined)[] = [];
    for (const look of [snapshot, null, null, null, null, { ...snapshot }, null]) {
      told.push((await trouble.see(look))?.stuck);
    }
    const quiet = 'Temporal at 127.0.0.1:1 does not answer: the run goes on when it does';
    assert.deepEqual(told, [null, undefined, undefined, quiet, quiet, null, undefined]);
  });

  it('is not told of a run that was never seen', async () => {
    const trouble = new FollowedTrouble(temporal);
    for (let look = 0; look < 5; look++) assert.equal(await trouble.see(null), null);
  });
});
