import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Child, type ChildEnd } from './child.js';
import { readJsonLines } from './json-lines.js';
import { LastLines } from './last-lines.js';
import type { Spares } from './spares.js';

export interface SuperviseOptions {
  command: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Written to the child's standard input, which stays open: it closes when this process ends. */
  input?: string;
  /** Spares of this child, one of which is taken if it answers, and what it is told, a line. */
  spares?: { of: Spares; input: string } | undefined;
  /** Folder in which the child is recorded while it lives (`endRecordedProcesses`). */
  records: string;
  /** File to which standard error is appended. */
  logFile?: string;
  /** Each JSON line that the child prints; `answer` writes to its standard input. */
  onEvent(event: unknown, answer: (text: string) => void): void;
  /** Milliseconds without a line after which the child counts as stalled and is ended. */
  stallAfterMs: number;
  /** When aborted, the child gets SIGTERM, and SIGKILL after `graceMs`. */
  signal: AbortSignal;
  graceMs: number;
}

export interface SupervisedEnd extends ChildEnd {
  stalled: boolean;
  /** The last lines of standard error. */
  stderr: string[];
}

const keptLines = 40;
const watchEveryMs = 500;

/** Runs a child until it ends, stalls or is aborted. */
export async function supervise(options: SuperviseOptions): Promise<SupervisedEnd> {
  const { spares, records, logFile, stallAfterMs, signal, graceMs } = options;
  signal.throwIfAborted();
  const taken = await spares?.of.take(signal);
  if (signal.aborted) {
    taken?.child.kill();
    await taken?.child.gone();
    return { exitCode: null, signal: null, stalled: false, stderr: [] };
  }
  const child = taken?.child ?? new Child(options);
  const input = taken === undefined ? options.input : spares?.input;
  let stalled = false;
  // Counted in turns of this process, not in time: after a pause of the whole machine neither the
  // child nor its lines are late.
  let silentMs = 0;
  const watchdog = setInterval(() => {
    silentMs += watchEveryMs;
    if (silentMs < stallAfterMs) return;
    stalled = true;
    child.kill();
  }, watchEveryMs);
  const stop = () => void child.stop(graceMs).catch(() => undefined); // It is awaited below.
  signal.addEventListener('abort', stop, { once: true });

  const last = new LastLines(keptLines);
  const log = logFile ? createWriteStream(logFile, { flags: 'a' }) : undefined;
  log?.on('error', () => undefined); // A full disk must not end the worker.
  const keep = (line: string) => {
    last.keep(line);
    log?.write(`${line}\n`);
  };
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', keep);
  const hear = (event: unknown) => {
    silentMs = 0;
    options.onEvent(event, (text) => child.stdin.write(text));
  };
  if (taken === undefined) readJsonLines(child.stdout, hear, keep);
  else taken.listen(hear, keep);
  try {
    // A child that cannot be recorded could not be ended by a later attempt: it does not go on.
    await child.record(records);
    if (input !== undefined) child.stdin.write(input);
    return { ...(await child.ended), stalled, stderr: last.lines };
  } finally {
    clearInterval(watchdog);
    signal.removeEventListener('abort', stop);
    child.kill();
    await child.gone();
    log?.end();
    spares?.of.refill();
  }
}
