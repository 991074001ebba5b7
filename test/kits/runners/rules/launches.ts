import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KitPlace, KitRun, RunOptions } from '../place.js';
import { rule } from '../rule.js';

/** Starts a run and lets it succeed. */
async function succeed(place: KitPlace, options: RunOptions = {}): Promise<KitRun> {
  const run = await place.start(options);
  await run.untilRunning();
  // Of one that starts anew, the answer that is lost is that of its end.
  if (options.losesAnswers === true && place.traits.adopts) await run.untilTriedAgain();
  await run.program.end('succeeds');
  const { outcome, published, failure } = await run.ended();
  assert.deepEqual([outcome, published], ['succeeded', 1], failure);
  return run;
}

/** What is started, and how often. */
export const launches = [
  rule(
    'one is started, and once it has ended its result is published',
    'starts two',
    async (place) => {
      const { program } = await succeed(place);
      assert.equal(await program.started(), 1);
    },
  ),

  rule(
    'what is tried again after a lost answer runs alone, and is published once',
    'starts beside the earlier one',
    async (place) => {
      const { program } = await succeed(place, { losesAnswers: true });
      assert.equal(await program.hadCompany(), false);
    },
  ),

  rule(
    'what was started before its answer was lost is adopted',
    'starts anew',
    async (place) => {
      const { program } = await succeed(place, { losesAnswers: true });
      assert.equal(await program.started(), 1);
    },
    { adopts: true },
  ),

  rule('while it runs, nothing is asked', 'polls', async (place) => {
    const run = await place.start();
    await run.untilRunning();
    await sleep(1_500); // What there is to do after its start is done.
    const asked = await run.activities();
    await sleep(2_000);
    assert.equal(await run.activities(), asked);
  }),
];
