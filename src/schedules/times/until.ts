import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until there is something; null after so many milliseconds. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  patience: number,
): Promise<T | null> {
  for (const end = Date.now() + patience; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) return null;
    await sleep(50);
  }
}
