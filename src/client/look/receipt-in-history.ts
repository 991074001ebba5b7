import type { Client } from '@temporalio/client';
import { payloadConverter } from '../../shared/data-converter.js';
import type { Receipt } from '../../shared/run/receipt.js';
import { readReceipt } from './read-receipt.js';

/** `finish` is among the last events of a run: whatever else is in its history is left on the server. */
const eventsPerPage = 10;
const mostPages = 5;

/** The receipt that a run gave to `finish`, from the end of its history; null if it never came so far. */
export async function receiptInHistory(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<Receipt | null> {
  let nextPageToken: Uint8Array | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { history, nextPageToken: next } =
      await client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: eventsPerPage,
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      });
    for (const { activityTaskScheduledEventAttributes: scheduled } of history?.events ?? []) {
      const payload = scheduled?.activityType?.name === 'finish' && scheduled.input?.payloads?.[1];
      if (payload) return readReceipt(payloadConverter.fromPayload<unknown>(payload));
    }
    if (!next?.length) return null;
    nextPageToken = next;
  }
  return null;
}
