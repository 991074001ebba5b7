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
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      onNoise(line);
      return;
    }
    onValue(value);
  });
}
