import type { StepProgress } from '../../shared/run/progress.js';
import type { Audit } from '../contract/activities.js';

/** What the steps have done, once everything is staged and counted. */
export function stagedSteps({ steps, sinks }: Audit): Record<string, StepProgress> {
  return Object.fromEntries<StepProgress>([
    ...Object.entries(steps).map(
      ([name, { kind, rows_out, bytes_out }]): [string, StepProgress] => [
        name,
        { kind, rows: rows_out, bytes: bytes_out, done: true },
      ],
    ),
    ...Object.entries(sinks).map(([name, { rows, bytes }]): [string, StepProgress] => [
      name,
      { kind: 'sink', rows, bytes, done: true },
    ]),
  ]);
}
