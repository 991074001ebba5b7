import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Calls `onValue` with each line parsed as JSON, and `onNoise` with a line that is none
 * (a library that prints to standard output must not break the protocol).
 */
export function readJsonLines(
  stream: Readable,
  onValue: (value: unknown) => void,
  onNoise: (line: string) => void,
): void {
  createInterface({ input: stream }).on('line', (line) => {
    const value = jsonOf(line);
    if (value === undefined) onNoise(line);
    else onValue(value);
  });
}

/** The value of a JSON text, null among them; undefined of a text that is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
