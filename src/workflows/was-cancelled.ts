import { CancellationScope, isCancellation } from '@temporalio/workflow';

/**
 * Whether an error follows from a cancellation of the scope that catches it. An activity whose worker
 * is lost while it is being cancelled fails with its timeout: no other attempt is made, and nothing
 * in the error says that it was cancelled.
 */
export function wasCancelled(error: unknown): boolean {
  return isCancellation(error) || CancellationScope.current().consideredCancelled;
}
