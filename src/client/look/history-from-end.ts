import type { Client } from '@temporalio/client';

type Page = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistoryReverse']>>;
export type HistoryEvent = NonNullable<NonNullable<Page['history']>['events']>[number];

/** Pages that are read at most: what is sought is not far from the end. */
const mostPages = 5;

/** The events of a run from its last one back: whatever else is in its history is left on the server. */
export async function* historyFromEnd(
  client: Client,
  execution: { workflowId: string; runId: string },
  eventsPerPage: number,
): AsyncGenerator<HistoryEvent, void, void> {
  let nextPageToken: Uint8Array | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { history, nextPageToken: next } =
      await client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution,
        maximumPageSize: eventsPerPage,
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      });
    yield* history?.events ?? [];
    if (!next?.length) return;
    nextPageToken = next;
  }
}
