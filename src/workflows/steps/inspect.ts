import type { InspectedSink, RunReference } from '../contract/activities.js';
import type { HostActivities } from '../contract/proxies.js';

/** What a run knows of its destinations before it reads. */
export interface Inspected {
  /** Sink → version of its destination. */
  versions: Record<string, number>;
  /** See `RunReference.readAt`. */
  readAt: string;
}

/** Looks at the destinations, whose locks the run has. The time is that of Temporal's server. */
export async function inspect(run: RunReference, activities: HostActivities): Promise<Inspected> {
  const sinks = Object.entries(await activities.inspectDestinations(run, true));
  const known = sinks.map(([, sink]) => (typeof sink === 'number' ? null : sink.readAt));
  return {
    versions: Object.fromEntries(sinks.map(([name, sink]) => [name, versionOf(sink)])),
    readAt: readAtAfter(known, Date.now()),
  };
}

/**
 * The time of what is read from now on: later than that of everything that the destinations have, though a
 * clock goes back, or is another server's.
 * @param known of each destination, when the rows that it has were read
 * @param now milliseconds since 1970
 */
export function readAtAfter(known: readonly (string | null)[], now: number): string {
  const after = known.flatMap((readAt) => (readAt === null ? [] : [Date.parse(readAt) + 1]));
  return new Date(Math.max(now, ...after)).toISOString();
}

/** A history of before there was an order has the versions alone. */
export function versionOf(sink: number | InspectedSink | undefined): number {
  return typeof sink === 'number' ? sink : (sink?.version ?? 0);
}
