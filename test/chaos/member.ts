import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MemberOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Standard output and error are appended to it. */
  logFile: string;
  /** Waits until the process serves; without it, for the JSON line that says so. */
  serving?: () => Promise<void>;
  /** Whether another one can be started beside one that is paused. */
  replaceable: boolean;
  /** Told of everything that befalls it. */
  note: (text: string) => void;
}

/** A process of the world that is always started again, until the world ends. */
export interface Member {
  readonly name: string;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** Kills it, or pauses it for `forMs`; one that can be replaced has a successor at once. */
  hit(signal: 'SIGKILL' | 'SIGSTOP', forMs: number): void;
  /** Says that this process of its was hit at a step boundary; false if it is none of its own. */
  wasHit(pid: number, signal: 'SIGKILL' | 'SIGSTOP', forMs: number): boolean;
  /** Wakes whoever sleeps, and resolves when it serves. */
  heal(): Promise<void>;
  end(): Promise<void>;
}

/** How long a sleeper that woke lives on beside its successor: long enough to do harm. */
const awakeMs = 8_000;

export function createMember(options: MemberOptions): Member {
  const { name, note, replaceable } = options;
  const log = createWriteStream(options.logFile, { flags: 'a' });
  /** All that live, the present one last. */
  const children: ChildProcess[] = [];
  const sleepers = new Set<ChildProcess>();
  const ending = new AbortController();
  let serving: Promise<void> = Promise.resolve();
  let restartAfterMs = 0;

  const present = (): ChildProcess | undefined => children.at(-1);

  function launch(): Promise<void> {
    serving = untilServing();
    return serving;
  }

  async function untilServing(): Promise<void> {
    while (!ending.signal.aborted) {
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: options.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      child.stderr.pipe(log, { end: false });
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => log.write(`${line}\n`));
      const exited = once(child, 'exit').then(() => false);
      const ready = options.serving ? options.serving() : once(lines, 'line');
      const isServing = await Promise.race([ready.then(() => true), exited]).catch(() => false);
      if (isServing && child.exitCode === null && child.signalCode === null) {
        void exited.then(() => gone(child));
        return;
      }
      remove(child);
      await sleep(200);
    }
  }

  function remove(child: ChildProcess): void {
    sleepers.delete(child);
    children.splice(children.indexOf(child), 1);
  }

  function gone(child: ChildProcess): void {
    const wasPresent = child === present();
    remove(child);
    if (ending.signal.aborted || !wasPresent) return;
    if (child.signalCode !== 'SIGKILL') {
      note(`${name} ended by itself (${child.exitCode ?? child.signalCode})`);
    }
    const pause = restartAfterMs;
    restartAfterMs = 0;
    serving = sleep(pause).then(untilServing);
  }

  function paused(child: ChildProcess, forMs: number): void {
    sleepers.add(child);
    if (replaceable) void launch();
    setTimeout(() => wake(child), forMs);
  }

  function wake(child: ChildProcess): void {
    if (!sleepers.delete(child)) return;
    note(`${name} ${child.pid} wakes`);
    child.kill('SIGCONT');
    if (replaceable) setTimeout(() => child.kill('SIGKILL'), awakeMs);
  }

  return {
    name,
    start: launch,
    hit(signal, forMs) {
      const child = present();
      if (child === undefined || sleepers.has(child)) return;
      if (signal === 'SIGKILL') restartAfterMs = forMs;
      child.kill(signal);
      if (signal === 'SIGSTOP') paused(child, forMs);
    },
    wasHit(pid, signal, forMs) {
      const child = children.find((candidate) => candidate.pid === pid);
      if (signal === 'SIGSTOP' && child !== undefined && !sleepers.has(child)) paused(child, forMs);
      return child !== undefined;
    },
    async heal() {
      for (const child of sleepers) wake(child);
      await sleep(50);
      await serving;
    },
    async end() {
      ending.abort();
      const living = children.slice();
      await Promise.all(
        living.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exit = once(child, 'exit');
          child.kill('SIGKILL'); // Which ends a paused process, too.
          await exit;
        }),
      );
      log.end();
    },
  };
}
