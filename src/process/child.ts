import { spawn, type ChildProcess } from 'node:child_process';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup, recordProcess } from './process-record.js';

export interface ChildOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  /** By default, this process's own. */
  env?: NodeJS.ProcessEnv | undefined;
  /** A file descriptor that gets standard error; by default it is a pipe. */
  stderr?: number;
}

export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A child that leads a process group of its own, of which nothing is left once it has ended.
 *
 * Its standard input closes when this process ends, in whatever way: a child that hears it ends, too. One that
 * does not is recorded, and ended by whoever comes next. Whoever wants its output attaches before anything is
 * awaited: what nobody reads when the child ends is lost.
 */
export class Child {
  /** Settles when it has ended and its output is read; rejects if it did not start. */
  readonly ended: Promise<ChildEnd>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Null where it goes to a file. */
  readonly stderr: Readable | null;
  readonly #process: ChildProcess;
  #forget: () => Promise<void> = async () => undefined;
  #isStopping = false;

  constructor({ command, args, cwd, env = process.env, stderr }: ChildOptions) {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', stderr ?? 'pipe'],
    });
    this.#process = child;
    // It has no streams where this process may open no more files.
    this.stdin = child.stdin ?? new PassThrough();
    this.stdout = child.stdout ?? new PassThrough().end();
    this.stderr = child.stderr;
    this.stdin.on('error', () => undefined); // It may end before it has read everything.
    const { pid } = child;
    // Grandchildren that outlived it, which hold its output open.
    if (pid !== undefined) child.once('exit', () => killGroup(pid, 'SIGKILL'));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    this.ended.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Records it under `folder` until it has ended (`endRecordedProcesses`), and no longer where it was recorded
   * before. One that cannot be recorded is ended, since nobody could end it later.
   * @throws the reason for which it did not start, such as ENOENT, or was not recorded
   */
  async record(folder: string): Promise<void> {
    if (this.pid === undefined) {
      await this.ended;
      return;
    }
    try {
      const forgetEarlier = this.#forget;
      this.#forget = await recordProcess(folder, this.pid);
      await forgetEarlier();
    } catch (error) {
      this.kill();
      await this.gone();
      throw error;
    }
  }

  /** Waits until it has ended, however, and is recorded no more. */
  async gone(): Promise<void> {
    await this.ended.catch(() => undefined);
    await this.#forget();
  }

  /** Ends it and its children at once. */
  kill(): void {
    this.#signalGroup('SIGKILL');
  }

  /** SIGTERM to the child alone, and after `graceMs` SIGKILL to its group; settles when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#process.kill('SIGTERM');
      this.#signalGroup('SIGCONT'); // A stopped process acts on SIGTERM only when it goes on.
    }
    const patience = new AbortController();
    const late = sleep(graceMs, true, { signal: patience.signal }).catch(() => false);
    const isLate = await Promise.race([late, this.gone().then(() => false)]);
    patience.abort();
    if (isLate) this.kill();
    await this.gone();
  }

  /** Once it has ended, its process id may be another's. */
  #signalGroup(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid, signal);
  }
}
