import assert from 'node:assert/strict';
import type { KitRun } from '../place.js';
import { programNames } from '../programs.js';
import { rule } from '../rule.js';

/** Nothing of it is published, and nothing of it goes on. */
async function assertEnded(run: KitRun, outcome: string): Promise<void> {
  const end = await run.ended();
  assert.deepEqual([end.outcome, end.published], [outcome, 0], end.failure);
  await run.until(async () => (await run.program.running()) === 0, 'nothing of it runs');
}

/** How it ends, other than by success. */
export const ends = [
  rule('a cancellation ends it', 'leaves it running when cancelled', async (place) => {
    const run = await place.start();
    await run.untilRunning();
    await run.cancel();
    await assertEnded(run, 'cancelled');
  }),

  rule('the deadline ends it', 'leaves it running at the deadline', async (place) => {
    const run = await place.start({ hasDeadline: true });
    await run.untilRunning();
    await assertEnded(run, 'deadline_exceeded');
  }),

  rule('its end is awaited before the run ends', 'does not wait for its end', async (place) => {
    const run = await place.start();
    await run.untilRunning();
    await run.program.slow();
    await run.cancel();
    assert.equal((await run.ended()).left, 0);
  }),

  rule(
    'a cancellation ends what was started and has not answered',
    'forgets what it has not heard of',
    async (place) => {
      const run = await place.start({ holdsStart: true });
      await run.untilRunning();
      await run.cancel();
      await assertEnded(run, 'cancelled');
      assert.equal(await run.program.started(), 1);
    },
    { adopts: true },
  ),

  rule('where it fails, nothing is published', 'publishes what failed', async (place) => {
    const run = await place.start();
    await run.untilRunning();
    await run.program.end('fails');
    await assertEnded(run, 'failed');
  }),

  rule('where it fails, the run says why', 'tells no cause', async (place) => {
    const run = await place.start();
    await run.untilRunning();
    await run.program.end('fails');
    const { failure } = await run.ended();
    assert.ok(failure.includes(programNames.cause), failure);
  }),
];
