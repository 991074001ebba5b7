import { quantile } from '../orchestration/statistics.js';

export type Step =
  | 'plan, all new'
  | 'apply: create all'
  | 'plan, all unchanged'
  | 'apply, all unchanged'
  | 'apply: update all'
  | 'apply: delete all';

/** A result file. */
export interface Result {
  date: string;
  machine: Record<string, string | number>;
  versions: Record<string, string>;
  command: string[];
  schedules: number;
  load_before: number[];
  load_after: number[];
  /** Seconds of each step. */
  rounds: Record<Step, number>[];
}

/** The table of `docs/benchmarks.md`. */
export function markdown({ rounds, schedules, load_before, load_after, versions }: Result): string {
  const steps = Object.keys(rounds[0] ?? {}) as Step[];
  const rows = steps.map((step) => {
    const seconds = rounds.map((round) => round[step]);
    const median = quantile(seconds, 0.5);
    return [step, median, Math.min(...seconds), Math.max(...seconds), schedules / median];
  });
  const cells = rows.map(([step, ...numbers]) =>
    [step, ...numbers.map((value) => Number(value).toFixed(1))].join(' | '),
  );
  return [
    `Commit \`${versions['commit'] ?? ''}\`; ${rounds.length} rounds; load averages ${load_before.join(', ')} before and ` +
      `${load_after.join(', ')} after.`,
    '',
    `| ${schedules} schedules, seconds | median | least | most | per second |`,
    '| --- | ---: | ---: | ---: | ---: |',
    ...cells.map((row) => `| ${row} |`),
  ].join('\n');
}
