import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { ignoredReasons } from './job-event.js';

/** What became of an event; the first is the only one that a run hears of. */
export const eventResults = [
  'signalled',
  /** The same claim was passed on a moment ago. */
  'repeated',
  /** The run has had more signals than it may have in a while: to be sent again later. */
  'too_many',
  'no_run',
  'refused',
  'unavailable',
  ...ignoredReasons,
  'other_type',
  'malformed',
] as const;
export type EventResult = (typeof eventResults)[number];

/** How an event came in. */
export type EventWay = 'http' | 'pubsub';

export interface EventMetrics {
  registry: Registry;
  count(way: EventWay, result: EventResult): void;
  /** How many events came to each result, over all ways. */
  totals(): Promise<[result: string, count: number][]>;
  /** Seconds that Temporal took to take a signal, or to fail to. */
  observeSignal(seconds: number): void;
  countRefusedToken(why: 'missing' | 'invalid' | 'forbidden'): void;
}

/** Metrics in a registry of their own, with Node's usual ones if `process` is set. */
export function createEventMetrics({ process = false } = {}): EventMetrics {
  const registry = new Registry();
  if (process) collectDefaultMetrics({ register: registry });
  const events = new Counter({
    name: 'beamline_events_total',
    help: 'Events of jobs, by the way they came in and what became of them.',
    labelNames: ['way', 'result'],
    registers: [registry],
  });
  const signals = new Histogram({
    name: 'beamline_signal_seconds',
    help: 'Time that Temporal took to take a signal.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const tokens = new Counter({
    name: 'beamline_event_auth_failures_total',
    help: 'Requests refused for their token.',
    labelNames: ['why'],
    registers: [registry],
  });
  return {
    registry,
    count: (way, result) => events.inc({ way, result }),
    async totals() {
      const totals = new Map<string, number>();
      for (const { labels, value } of (await events.get()).values) {
        const result = String(labels.result);
        totals.set(result, (totals.get(result) ?? 0) + value);
      }
      return [...totals];
    },
    observeSignal: (seconds) => signals.observe(seconds),
    countRefusedToken: (why) => tokens.inc({ why }),
  };
}
