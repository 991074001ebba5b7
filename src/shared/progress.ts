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

/** The details of a `runBeam` heartbeat. */
export interface Progress {
  attempt: string;
  /** Process id of the Beam child, once it has started. */
  pid: number | null;
  steps: Record<string, StepProgress>;
}
