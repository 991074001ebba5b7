import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { failure } from '../../shared/failures.js';
import type { ReadRun, RunQuestion } from './read-run.js';
import type { ThreadAnswer, ThreadQuestion } from './thread.js';

/** Threads at a time; other runs wait their turn. */
const mostThreads = 4;
/** What one may take: a config that needs more is refused. */
const mostMegabytes = 512;
/** A thread computes for so long at most without a sign of life, which it gives each second else. */
const mostSilentMs = 30_000;

const slots = pLimit(mostThreads);
/** One that has loaded everything and has nothing to do. */
let idle: Worker | undefined;

/** Other limits, for tests. */
export interface ThreadLimits {
  megabytes?: number;
  silentMs?: number;
}

/**
 * Reads a run in a thread of its own, so that whatever its config holds, the worker goes on with the other
 * runs: a config that takes too long or too much memory ends the thread and nothing else.
 * @throws `ConfigError` and other failures of ours
 */
export function readRunInThread(question: RunQuestion, limits: ThreadLimits = {}): Promise<ReadRun> {
  return slots(async () => {
    const { megabytes = mostMegabytes, silentMs = mostSilentMs } = limits;
    const isUsual = megabytes === mostMegabytes;
    const worker = (isUsual ? takeIdle() : undefined) ?? newThread(megabytes);
    const answer = await ask(worker, question, { megabytes, silentMs });
    if (isUsual && answer.kind !== 'ended') keepIdle(worker);
    else void worker.terminate();
    switch (answer.kind) {
      case 'read':
        return answer.run;
      case 'failed':
        throw failure(answer.type, answer.message, answer.detail);
      case 'unexpected':
        throw Object.assign(new Error(answer.message), { name: answer.name, stack: answer.stack });
      case 'ended':
        throw answer.error;
    }
  });
}

type Outcome = Exclude<ThreadAnswer, { kind: 'tick' }> | { kind: 'ended'; error: Error };

/** Asks a thread, and waits until it has answered, has ended, or is silent for too long. */
function ask(
  worker: Worker,
  question: RunQuestion,
  { megabytes, silentMs }: Required<ThreadLimits>,
): Promise<Outcome> {
  const refused = (what: string): Outcome => {
    const message = `checking the config ${what}, and was ended; make the config smaller`;
    return { kind: 'ended', error: failure('ConfigError', message) };
  };
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      // Not all at once: the thread's own are among them.
      for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
      // An error that nobody listens to would end this process.
      worker.on('error', () => undefined);
      worker.unref();
      resolve(outcome);
    };
    const wait = (): void => {
      clearTimeout(timer);
      const silent = (): void => settle(refused(`took more than ${silentMs / 1000} s`));
      timer = setTimeout(silent, silentMs);
    };
    worker.ref();
    worker.on('message', (answer: ThreadAnswer) => {
      if (answer.kind === 'tick') wait();
      else settle(answer);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      settle(isFull ? refused(`took more than ${megabytes} MB`) : { kind: 'ended', error });
    });
    worker.on('exit', (code) => {
      const error = new Error(`the thread that checks configs ended with code ${code}`);
      settle({ kind: 'ended', error });
    });
    wait();
    worker.postMessage({ question, env: { ...process.env } } satisfies ThreadQuestion);
  });
}

function newThread(megabytes: number): Worker {
  const worker = new Worker(new URL('./thread.js', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
  worker.unref(); // An idle one keeps no process alive.
  return worker;
}

function takeIdle(): Worker | undefined {
  const worker = idle;
  idle = undefined;
  return worker;
}

function keepIdle(worker: Worker): void {
  if (idle !== undefined) {
    void worker.terminate();
    return;
  }
  idle = worker;
  worker.on('exit', () => {
    if (idle === worker) idle = undefined;
  });
}
