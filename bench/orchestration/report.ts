import type { measureCost } from './cost.js';
import type { measureDetection } from './detection.js';
import type { measureInFlight } from './in-flight.js';
import type { measureThroughput } from './throughput.js';

/** A result file; a part that was not measured is absent. */
export interface Result {
  date: string;
  machine: Record<string, string | number>;
  versions: Record<string, string>;
  command: string[];
  load_before: number[];
  load_after?: number[];
  cost?: Awaited<ReturnType<typeof measureCost>>;
  detection?: Awaited<ReturnType<typeof measureDetection>>;
  throughput?: Awaited<ReturnType<typeof measureThroughput>>[];
  in_flight?: Awaited<ReturnType<typeof measureInFlight>>;
}

/** The tables of `docs/benchmarks.md`. */
export function markdown(result: Result): string {
  return JSON.stringify(result, null, 1);
}
