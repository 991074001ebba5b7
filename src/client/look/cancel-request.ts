import type { Client } from '@temporalio/client';
import { historyFromEnd } from './history-from-end.js';

/** Who asked a run to cancel, and when. */
export interface CancelRequest {
  /** ISO time. */
  at: string;
  /** As the client named itself, such as `4711@host`; empty if it did not. */
  by: string;
  reason: string;
}

/** What follows a request are the steps that clean up. */
const eventsPerPage = 50;

/**
 * The last request to cancel in a history, from its end; null if none is found.
 * @internal
 */
export async function cancelRequestOf(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<CancelRequest | null> {
  for await (const event of historyFromEnd(client, { workflowId, runId }, eventsPerPage)) {
    const asked = event.workflowExecutionCancelRequestedEventAttributes;
    if (!asked) continue;
    const at = new Date(Number(event.eventTime?.seconds ?? 0) * 1000).toISOString();
    return { at, by: asked.identity ?? '', reason: asked.cause ?? '' };
  }
  return null;
}
