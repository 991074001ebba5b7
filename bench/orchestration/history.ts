import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** The events of a workflow's latest execution. */
export async function historyOf(client: Client, workflowId: string): Promise<HistoryEvent[]> {
  return (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

/** Milliseconds since 1970. */
export function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}

/** Events by kind, named after the field that holds their attributes. */
export function kindsOf(events: readonly HistoryEvent[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const event of events) {
    const kind = kindOf(event);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

function kindOf(event: HistoryEvent): string {
  const [kind] = Object.entries(event).find(
    ([name, value]) => name.endsWith('EventAttributes') && value !== null && value !== undefined,
  ) ?? ['unknownEventAttributes'];
  return kind.replace(/EventAttributes$/, '');
}
