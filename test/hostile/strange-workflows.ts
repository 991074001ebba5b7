import { condition, defineQuery, setHandler } from '@temporalio/workflow';

/** Ends with what it was given, as no run of ours does. */
export async function runPipeline(result: unknown): Promise<unknown> {
  return result;
}

/** Answers as a lock and as a run with what it was given, and goes on for ever. */
export async function destinationLock(answer: unknown): Promise<void> {
  setHandler(defineQuery<unknown>('lock'), () => answer);
  setHandler(defineQuery<unknown>('status'), () => answer);
  await condition(() => false);
}

/** Bears a lock's name, and knows nothing of locks. */
export async function somethingElse(): Promise<void> {
  await condition(() => false);
}
