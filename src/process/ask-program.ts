import { createInterface } from 'node:readline';
import { Child } from './child.js';
import { jsonOf } from './json-lines.js';
import { LastLines } from './last-lines.js';

export interface Question {
  command: string;
  /** The program is to end when its standard input does. */
  args: readonly string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** When aborted, the program gets SIGTERM, and SIGKILL two seconds later. */
  signal?: AbortSignal;
}

export interface Answer {
  /** The JSON document that it printed; undefined if it printed none, or more than 64 MiB. */
  document: unknown;
  exitCode: number | null;
  /** The last lines of standard error. */
  stderr: string[];
}

const longestAnswer = 64 * 1024 * 1024;
const keptLines = 20;
const graceMs = 2_000;

export interface ModuleQuestion extends Omit<Question, 'command'> {
  python: string;
  /** Such as `beam_pipeline.asked.columns`. */
  module: string;
}

/**
 * Asks a program of the data plane, which ends with this process.
 * @throws the reason for which it did not start
 */
export function askModule({ python, module, args, ...rest }: ModuleQuestion): Promise<Answer> {
  return askProgram({
    ...rest,
    command: python,
    args: ['-m', module, '--exit_with_parent', ...args],
  });
}

/**
 * Asks a program that prints one JSON document and ends.
 * @throws the reason for which it did not start
 */
export async function askProgram({ signal, ...options }: Question): Promise<Answer> {
  signal?.throwIfAborted();
  const child = new Child(options);
  const stop = () => void child.stop(graceMs);
  signal?.addEventListener('abort', stop, { once: true });
  const last = new LastLines(keptLines);
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => last.keep(line));
  }
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= longestAnswer) chunks.push(chunk);
    else child.kill();
  });
  try {
    const { exitCode } = await child.ended;
    const text = length > longestAnswer ? '' : Buffer.concat(chunks).toString('utf8');
    return { document: jsonOf(text), exitCode, stderr: last.lines };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
