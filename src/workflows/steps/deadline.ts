import { CancellationScope, ContinueAsNew, sleep } from '@temporalio/workflow';

/**
 * Runs `body` and cancels it when the time is over.
 * @returns false if the time was over before the body had ended
 */
export async function withDeadline(ms: number | null, body: () => Promise<void>): Promise<boolean> {
  if (ms === null) {
    await body();
    return true;
  }
  let late = false;
  const work = new CancellationScope();
  const timer = new CancellationScope();
  const ticking = timer
    .run(() => sleep(ms))
    .then(() => {
      late = true;
      return work.cancel();
    })
    .catch(() => undefined); // The body ended first, or the run was cancelled.
  try {
    await work.run(body);
    return true;
  } catch (error) {
    // What fails once the time is over was not tried again, and follows from it.
    if (late && !(error instanceof ContinueAsNew)) return false;
    throw error;
  } finally {
    timer.cancel();
    await ticking;
  }
}
