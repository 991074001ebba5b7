/** One attempt's part of a run's `beam.log`. */
export interface AttemptLog {
  /** Name of the attempt; null for what stands before the first. */
  attempt: string | null;
  /** ISO 8601, UTC. */
  started_at: string | null;
  lines: string[];
}

const pattern = /^--- attempt (\S+) started (\S+)$/;

/** The line that separates an attempt from the one before it. */
export function attemptLine(attempt: string, startedAt: Date): string {
  return `--- attempt ${attempt} started ${startedAt.toISOString()}\n`;
}

/** Splits a log into its attempts, oldest first. */
export function attemptsOf(log: string): AttemptLog[] {
  const attempts: AttemptLog[] = [];
  for (const line of log.replace(/\n$/, '').split('\n')) {
    const [, attempt, started] = pattern.exec(line) ?? [];
    if (attempt !== undefined && started !== undefined) {
      attempts.push({ attempt, started_at: started, lines: [] });
    } else if (attempts.length > 0 || line !== '') {
      if (attempts.length === 0) attempts.push({ attempt: null, started_at: null, lines: [] });
      attempts.at(-1)?.lines.push(line);
    }
  }
  return attempts;
}
