import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the condition holds. A wait that ends by itself lets the test stop what it started,
 * which mocha's time limit does not.
 * @throws an error that says what was waited for, when the time is over
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = String(condition),
  withinMs = 45_000,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited for ${withinMs / 1000} s until ${what}`);
    await sleep(20);
  }
}
