import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; a test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
