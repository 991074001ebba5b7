import type { KnownSteps } from '../lines/known-steps.js';
import type { ProgressView } from './progress-view.js';

/** Bars on a terminal, lines elsewhere; nothing but notes where a program reads the output. */
export async function createView(
  steps: KnownSteps,
  { json, stream = process.stderr }: { json: boolean; stream?: NodeJS.WriteStream },
): Promise<ProgressView> {
  if (json) {
    return {
      show: () => undefined,
      note: (text) => void stream.write(`${text}\n`),
      end: () => undefined,
    };
  }
  if (stream.isTTY && process.env['TERM'] !== 'dumb') {
    const { createBars } = await import('./bars.js');
    return createBars(steps, stream);
  }
  const { createLines } = await import('./lines.js');
  return createLines((line) => void stream.write(`${line}\n`));
}
