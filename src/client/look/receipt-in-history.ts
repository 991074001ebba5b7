import type { Client } from '@temporalio/client';
import { payloadConverter } from '../../shared/data-converter.js';
import type { Receipt } from '../../shared/run/receipt.js';
import { historyFromEnd } from './history-from-end.js';
import { readReceipt } from './read-receipt.js';

/** `finish` is among the last events of a run. */
const eventsPerPage = 10;

/** The receipt that a run gave to `finish`, from the end of its history; null if it never came so far. */
export async function receiptInHistory(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<Receipt | null> {
  for await (const event of historyFromEnd(client, { workflowId, runId }, eventsPerPage)) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const payload = scheduled?.activityType?.name === 'finish' && scheduled.input?.payloads?.[1];
    if (payload) return readReceipt(payloadConverter.fromPayload<unknown>(payload));
  }
  return null;
}
