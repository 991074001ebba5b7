import { kindsOf, type HistoryEvent } from './history.js';

/** Billable actions of Temporal Cloud, by what they are. */
export type Actions = Record<
  | 'starts'
  | 'activity attempts'
  | 'timers'
  | 'signals'
  | 'updates'
  | 'search attribute upserts'
  | 'markers',
  number
>;

/**
 * The actions that a history shows, by the rules of https://docs.temporal.io/cloud/actions: a start, each
 * attempt of an activity, each timer (`condition` with a timeout makes one), each upsert of search
 * attributes, each update, each signal where it is sent from, the markers of one workflow task
 * together. A signal-with-start is one action, an update-with-start two. Heartbeats and queries are
 * in no history.
 */
export function actionsOf(events: readonly HistoryEvent[]): Actions {
  const kinds = kindsOf(events);
  const attempts = events.map(
    ({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? 0,
  );
  const fromClients = events.filter((event) => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    return signal && !signal.externalWorkflowExecution?.workflowId;
  }).length;
  const markers = new Set(
    events.map(({ markerRecordedEventAttributes: marker }) =>
      marker ? String(marker.workflowTaskCompletedEventId) : '',
    ),
  );
  markers.delete('');
  return {
    starts: 1,
    'activity attempts': attempts.reduce((sum, attempt) => sum + attempt, 0),
    timers: kinds['timerStarted'] ?? 0,
    signals:
      fromClients -
      // A signal-with-start's signal comes right after the start.
      (events[1]?.workflowExecutionSignaledEventAttributes ? 1 : 0) +
      (kinds['signalExternalWorkflowExecutionInitiated'] ?? 0),
    updates: kinds['workflowExecutionUpdateAccepted'] ?? 0,
    'search attribute upserts': kinds['upsertWorkflowSearchAttributes'] ?? 0,
    markers: markers.size,
  };
}

export function totalOf(actions: Record<string, number>): number {
  return Object.values(actions).reduce((sum, count) => sum + count, 0);
}
