import type { Receipt } from './receipt.js';

/** The kind of a step of a pipeline. */
export type StepKind = 'source' | 'transform' | 'sink';

/** How far one step is. */
export interface StepProgress {
  kind: StepKind;
  /** Rows that left the step (sinks: rows staged). */
  rows: number;
  /** Bytes in memory (Arrow) that left the step. */
  bytes: number;
  /** Rows expected, where the source knows. */
  total_rows?: number;
  done: boolean;
}

/**
 * The steps of a run that has ended, all done; of a sink only what was published, since a receipt does
 * not tell what was staged for another.
 */
export function stepsOfReceipt({
  steps,
  sinks,
}: Pick<Receipt, 'steps' | 'sinks'>): Record<string, StepProgress> {
  const published = sinks.filter(({ state }) => state === 'published');
  return Object.fromEntries<StepProgress>([
    ...steps.map(({ name, kind, rows_out }): [string, StepProgress] => [
      name,
      { kind, rows: rows_out, bytes: 0, done: true },
    ]),
    ...published.map(({ name, rows, bytes }): [string, StepProgress] => [
      name,
      { kind: 'sink', rows, bytes, done: true },
    ]),
  ]);
}

/** The details of a `runBeam` heartbeat. */
export interface Progress {
  attempt: string;
  /** Process id of the Beam child, once it has started. */
  pid: number | null;
  steps: Record<string, StepProgress>;
}
