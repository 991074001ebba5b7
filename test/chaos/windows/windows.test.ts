import assert from 'node:assert/strict';
import { chaos } from '../chaos.js';
import { scheduleOf } from '../schedule.js';
import { windowPipelines, windowsWorld } from './scenario.js';

/** `CHAOS_SEED=7 npx mocha …` plays another schedule; the long form is `npm run chaos -- --windows`. */
const seed = Number(process.env['CHAOS_SEED'] ?? 5);

describe('chaos, reading a changing table in windows', function () {
  this.timeout(500_000);

  it(`loses and doubles no row under the faults of seed ${seed}`, async () => {
    const schedule = scheduleOf(seed, { runs: 10, inFlight: 6, ...windowPipelines });
    const { violations, faults, story, folder } = await chaos(schedule, windowsWorld(seed));
    const told = [`seed ${seed}`, ...schedule.steps.map((step) => JSON.stringify(step)), ...story];
    assert.deepEqual(violations, [], `${told.join('\n')}\nthe world is kept in ${folder}`);
    assert.ok(faults.size > 0);
  });
});
