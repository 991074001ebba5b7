import type { Receipt, RunRequest, RunSnapshot } from '../../client/index.js';

/** Shows a run while it goes on. */
export interface ProgressView {
  show(snapshot: RunSnapshot): void;
  /** Says something that is no progress. */
  note(text: string): void;
  /** Ends the showing; a receipt gives the final numbers. */
  end(receipt?: Receipt): void;
}

/** The steps in the order of the config, where it is known. */
export type KnownSteps = RunRequest['steps'];

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
