/** A thread that reads runs, one after the other: see `threads.ts`, which starts it. */
import { parentPort } from 'node:worker_threads';
import { ApplicationFailure } from '@temporalio/common';
import { ConfigProblems } from '../../config/index.js';
import { isFailureType, type FailureDetail, type FailureType } from '../../shared/failures.js';
import { readRun, type ReadRun, type RunQuestion } from './read-run.js';

/** What the thread is asked, in the environment that the worker has then. */
export interface ThreadQuestion {
  question: RunQuestion;
  env: NodeJS.ProcessEnv;
}

/** What the thread says. A `tick` says that it is not stuck. */
export type ThreadAnswer =
  | { kind: 'tick' }
  | { kind: 'read'; run: ReadRun }
  | { kind: 'failed'; type: FailureType; message: string; detail: FailureDetail }
  /** `code`: the system's, such as ENOSPC. */
  | { kind: 'unexpected'; name: string; message: string; stack: string | undefined; code: unknown };

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- of a thread, not of a window
const say = (answer: ThreadAnswer): void => parentPort?.postMessage(answer);

parentPort?.on('message', ({ question, env }: ThreadQuestion) => {
  process.env = env;
  say({ kind: 'tick' });
  const ticking = setInterval(() => say({ kind: 'tick' }), 1000);
  void readRun(question)
    .then(
      (run) => say({ kind: 'read', run }),
      (error: unknown) => say(answerOf(error)),
    )
    .finally(() => clearInterval(ticking));
});

function answerOf(error: unknown): ThreadAnswer {
  if (error instanceof ConfigProblems) {
    return { kind: 'failed', type: 'ConfigError', message: error.message, detail: {} };
  }
  if (error instanceof ApplicationFailure && isFailureType(error.type)) {
    const detail = (error.details?.[0] ?? {}) as FailureDetail;
    return { kind: 'failed', type: error.type, message: error.message, detail };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { code } = (error ?? {}) as { code?: unknown };
  return { kind: 'unexpected', name, message, stack, code };
}
