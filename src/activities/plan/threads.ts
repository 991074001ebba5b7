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
const mostSilentMs = 20_000;

/** A thread of a busy machine starts in this time; another attempt may have more luck. */
const startMs = 120_000;

const slots = pLimit(mostThreads);
/** One that has loaded everything and has nothing to do. */
let idle: Worker | undefined;

/** Starts a thread, so that the first run does not wait for it. */
export function warmUp(): void {
  idle ??= newThread(mostMegabytes);
}

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
export function readRunInThread(
  question: RunQuestion,
  limits: ThreadLimits = {},
): Promise<ReadRun> {
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
        throw unexpected(answer);
      case 'ended':
        throw answer.error;
    }
  });
}

function unexpected({
  name,
  message,
  stack,
  code,
}: Extract<ThreadAnswer, { kind: 'unexpected' }>): Error {
  return Object.assign(new Error(message), { name, stack }, code === undefined ? {} : { code });
}

type Outcome = Exclude<ThreadAnswer, { kind: 'tick' }> | { kind: 'ended'; error: Error };

/** Asks a thread, and waits until it has answered, has ended, or is silent for too long. */
function ask(
  worker: Worker,
  question: RunQuestion,
  { megabytes, silentMs }: Required<ThreadLimits>,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      worker.unref();
      resolve(outcome);
    };
    const wait = (): void => {
      clearTimeout(timer);
      const silent = (): void => settle(refused(`took more than ${silentMs / 1000} s`));
      timer = setTimeout(silent, silentMs);
    };
    // What it loads before its first tick is no fault of the config.
    const late = (): void => {
      const error = new Error(
        `the thread that checks configs did not start in ${startMs / 1000} s`,
      );
      settle({ kind: 'ended', error });
    };
    timer = setTimeout(late, startMs);
    const onMessage = (answer: ThreadAnswer): void => {
      if (answer.kind === 'tick') wait();
      else settle(answer);
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      settle(isFull ? refused(`took more than ${megabytes} MB`) : { kind: 'ended', error });
    };
    const onExit = (code: number): void => {
      const error = new Error(`the thread that checks configs ended with code ${code}`);
      settle({ kind: 'ended', error });
    };
    worker.ref();
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    const asked: ThreadQuestion = { question, env: { ...process.env } };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of a thread, not of a window
    worker.postMessage(asked);
  });
}

function refused(what: string): Outcome {
  const message = `checking the config ${what}, and was ended; make the config smaller`;
  return { kind: 'ended', error: failure('ConfigError', message) };
}

function newThread(megabytes: number): Worker {
  const worker = new Worker(new URL('./thread.js', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
  worker.unref(); // An idle one keeps no process alive.
  worker.on('error', ignored);
  worker.on('exit', () => {
    if (idle === worker) idle = undefined;
  });
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
}

/** An error of a thread that nobody listens to would end this process. */
function ignored(): void {}
