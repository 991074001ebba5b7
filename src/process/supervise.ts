import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readJsonLines } from './json-lines.js';
import { killGroup, recordProcess } from './process-record.js';

export interface SuperviseOptions {
  command: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Written to the child's standard input, which stays open: it closes when this process ends. */
  input?: string;
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

export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stalled: boolean;
  /** The last lines of standard error. */
  stderr: string[];
}

const keptLines = 40;
const watchEveryMs = 500;

/** Runs a child in a process group of its own until it ends, stalls or is aborted. */
export async function supervise(options: SuperviseOptions): Promise<ChildEnd> {
  options.signal.throwIfAborted();
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    },
  );
  if (pid === undefined) {
    await ended; // Rejects with the reason, such as ENOENT.
    throw new Error(`${options.command} did not start`);
  }
  let stalled = false;
  // Counted in turns of this process, not in time: after a pause of the whole machine neither the
  // child nor its lines are late.
  let silentMs = 0;
  const watchdog = setInterval(() => {
    silentMs += watchEveryMs;
    if (silentMs < options.stallAfterMs) return;
    stalled = true;
    killGroup(pid, 'SIGKILL');
  }, watchEveryMs);
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    killGroup(pid, 'SIGTERM');
    killGroup(pid, 'SIGCONT'); // A stopped process acts on SIGTERM only when it goes on.
    killTimer = setTimeout(() => killGroup(pid, 'SIGKILL'), options.graceMs);
  };
  options.signal.addEventListener('abort', stop, { once: true });

  const stderr: string[] = [];
  const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
  log?.on('error', () => undefined); // A full disk must not end the worker.
  const keep = (line: string) => {
    stderr.push(line);
    if (stderr.length > keptLines) stderr.shift();
    log?.write(`${line}\n`);
  };
  createInterface({ input: child.stderr }).on('line', keep);
  readJsonLines(
    child.stdout,
    (event) => {
      silentMs = 0;
      options.onEvent(event, (text) => child.stdin.write(text));
    },
    keep,
  );
  child.stdin.on('error', () => undefined); // The child may end before it has read everything.
  let forget: (() => Promise<void>) | undefined;
  try {
    // A child that cannot be recorded could not be ended by a later attempt: it does not go on.
    forget = await recordProcess(options.records, pid);
    if (options.input !== undefined) child.stdin.write(options.input);
    const end = await ended;
    return { ...end, stalled, stderr };
  } finally {
    clearInterval(watchdog);
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', stop);
    killGroup(pid, 'SIGKILL'); // The child, or grandchildren that outlived it.
    await ended.catch(() => undefined);
    log?.end();
    await forget?.();
  }
}
