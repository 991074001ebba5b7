import { condition, defineQuery, setHandler } from '@temporalio/workflow';

/** Ends with what it was given, as no run of ours does. */
export async function runPipeline(result: unknown): Promise<unknown> {
  return result;
}

/** Answers with what it was given, and goes on for ever. */
export async function destinationLock(answer: unknown): Promise<void> {
  setHandler(defineQuery<unknown>('lock'), () => answer);
  await condition(() => false);
}

/** Bears a lock's name, and knows nothing of locks. */
export async function somethingElse(): Promise<void> {
  await condition(() => false);
}
