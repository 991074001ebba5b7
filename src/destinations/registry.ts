import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Destination } from './destination.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Names of the destinations: one per folder. */
export function destinationNames(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/** Loads one destination by the name of its folder. */
export async function loadDestination(name: string): Promise<Destination> {
  if (!destinationNames().includes(name)) {
    throw new Error(`no destination is named \`${name}\` (${destinationNames().join(', ')})`);
  }
  const module = (await import(`./${name}/index.js`)) as { destination: Destination };
  return module.destination;
}
