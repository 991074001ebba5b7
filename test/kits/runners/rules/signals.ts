import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KitRun } from '../place.js';
import { rule } from '../rule.js';

const hears = { hears: true } as const;

async function assertSucceeds(run: KitRun): Promise<void> {
  await run.program.end('succeeds');
  const { outcome, published, failure } = await run.ended();
  assert.deepEqual([outcome, published], ['succeeded', 1], failure);
  assert.equal(await run.program.started(), 1);
}

async function assertGoesOn(run: KitRun): Promise<void> {
  assert.equal(await run.state(), 'running');
  await sleep(1_000);
  assert.deepEqual([await run.isOpen(), await run.state()], [true, 'running']);
  assert.equal(await run.program.running(), 1);
}

async function untilContinued(run: KitRun): Promise<void> {
  const before = await run.execution();
  await run.until(async () => {
    await run.sendMalformed();
    return (await run.execution()) !== before;
  }, 'the run goes on in a new execution');
}

/** A signal is a hint: of any form, from anybody, or lost. */
export const signals = [
  rule(
    'a signal that is lost is made up for by a look',
    'waits for its signal alone',
    async (place) => {
      const run = await place.start({ isDeaf: true });
      await run.untilWaiting();
      await assertSucceeds(run);
    },
    hears,
  ),

  rule(
    'a signal that is not true ends nothing',
    'believes what it is told',
    async (place) => {
      const run = await place.start();
      await run.untilWaiting();
      await run.sendForged();
      await assertGoesOn(run);
      await assertSucceeds(run);
    },
    hears,
  ),

  rule(
    'a signal of another form does no harm',
    'chokes on another form',
    async (place) => {
      const run = await place.start();
      await run.untilWaiting();
      await run.sendMalformed();
      await assertGoesOn(run);
      await assertSucceeds(run);
    },
    hears,
  ),

  rule(
    'however many come, it goes on in a new execution',
    'never goes on in a new execution',
    async (place) => {
      const run = await place.start();
      await run.untilWaiting();
      await untilContinued(run);
      await assertSucceeds(run);
    },
    hears,
  ),

  rule(
    'the new execution has what the earlier one started',
    'starts again in a new execution',
    async (place) => {
      const run = await place.start();
      await run.untilWaiting();
      await untilContinued(run);
      await assertGoesOn(run);
      await run.cancel();
      const { outcome } = await run.ended();
      assert.equal(outcome, 'cancelled');
      assert.deepEqual([await run.program.started(), await run.program.running()], [1, 0]);
    },
    hears,
  ),
];
