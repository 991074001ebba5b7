import assert from 'node:assert/strict';
import { chaos } from './chaos.js';
import { filePipelines } from './files/scenario.js';
import { scheduleOf } from './schedule.js';

/** `CHAOS_SEED=7 npx mocha …` plays another schedule; the long form is `npm run chaos`. */
const seed = Number(process.env['CHAOS_SEED'] ?? 4);
const size = {
  runs: 8,
  inFlight: 8,
  ...filePipelines,
};

describe('chaos', function () {
  this.timeout(400_000);

  it(`keeps every promise under the faults of seed ${seed}`, async () => {
    const schedule = scheduleOf(seed, size);
    const { violations, runs, faults, story, folder } = await chaos(schedule);
    const told = [`seed ${seed}`, ...schedule.steps.map((step) => JSON.stringify(step)), ...story];
    assert.deepEqual(violations, [], `${told.join('\n')}\nthe world is kept in ${folder}`);
    assert.equal(runs.length, size.runs);
    assert.ok(faults.size > 0);
  });

  it('makes the same decisions from the same seed, and others from another', () => {
    assert.deepEqual(scheduleOf(seed, size), scheduleOf(seed, size));
    assert.notDeepEqual(scheduleOf(seed, size).steps, scheduleOf(seed + 1, size).steps);
  });
});
