import { setTimeout as sleep } from 'node:timers/promises';
import { troubleOf } from './storage-errors.js';

const attempts = 4;
const firstPauseMs = 200;

/**
 * Tries a request again while its trouble may pass: a few times within seconds. What lasts longer
 * is for the caller's own retries.
 * @param request gets the number of the attempt, from 1
 */
export async function retrying<T>(request: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request(attempt);
    } catch (error) {
      if (attempt === attempts || troubleOf(error) !== 'passing') throw error;
      const pauseMs = firstPauseMs * 2 ** (attempt - 1);
      await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2);
    }
  }
}
