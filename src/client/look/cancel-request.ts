import type { Client } from '@temporalio/client';

/** Who asked a run to cancel, and when. */
export interface CancelRequest {
  /** ISO time. */
  at: string;
  /** As the client named itself, such as `4711@host`; empty if it did not. */
  by: string;
  reason: string;
}

/** What follows a request are the steps that clean up: it is not far from the end. */
const eventsPerPage = 50;
const mostPages = 5;

/** The last request to cancel in a history, from its end; null if none is found. */
export async function cancelRequestOf(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<CancelRequest | null> {
  let nextPageToken: Uint8Array | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { history, nextPageToken: next } =
      await client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: eventsPerPage,
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      });
    for (const event of history?.events ?? []) {
      const asked = event.workflowExecutionCancelRequestedEventAttributes;
      if (!asked) continue;
      const at = new Date(Number(event.eventTime?.seconds ?? 0) * 1000).toISOString();
      return { at, by: asked.identity ?? '', reason: asked.cause ?? '' };
    }
    if (!next?.length) return null;
    nextPageToken = next;
  }
  return null;
}
