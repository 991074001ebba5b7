import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A child process of a test that prints one JSON line when it is ready. */
export interface ReadyChild<T> {
  process: ChildProcess;
  pid: number;
  ready: T;
  /** What it has printed to standard error so far. */
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export async function startReadyChild<T>(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<ReadyChild<T>> {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'exit');
  const ready = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => {
      throw new Error(`${command} ${args.join(' ')} ended before it was ready:\n${stderr}`);
    }),
  ]);
  child.stdout.resume();
  return {
    process: child,
    pid: child.pid as number,
    ready: JSON.parse(String((ready as string[])[0])) as T,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await ended;
    },
  };
}
