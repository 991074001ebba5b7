import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { failure } from '../../shared/failures.js';

/**
 * Why the current activity was cancelled, as the failure to throw.
 *
 * A worker that shuts down cancels its activities too: that is no cancellation of the run but a
 * reason to go on elsewhere, so it becomes a failure that is retried.
 */
export async function cancellationOf(): Promise<Error> {
  try {
    return await Context.current().cancelled;
  } catch (error) {
    if (error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN') {
      return failure('WorkerShutdown', 'the worker is shutting down; another one goes on');
    }
    return error instanceof Error ? error : new Error(String(error));
  }
}
