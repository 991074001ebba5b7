import { ActivityFailure, ApplicationFailure, log } from '@temporalio/workflow';
import type { RunReference, Staged } from './activities.js';
import type { StoreActivities } from './proxies.js';
import type { RunRecord } from './run-record.js';

/** A destination may move under a held lock only by the late commit of a terminated run. */
const mostTries = 3;

/** Publishes one sink on the version that was inspected, or on the newer one if that was taken. */
export async function publishSink(
  record: RunRecord,
  run: RunReference,
  staged: Staged,
  sink: string,
  versions: Record<string, number>,
  activities: StoreActivities,
): Promise<void> {
  let baseVersion = versions[sink] ?? 0;
  for (let attempt = 1; ; attempt++) {
    record.begun.set(sink, baseVersion);
    try {
      const published = await activities.publish(run, staged, { sink, baseVersion });
      record.published(sink, published);
      return;
    } catch (error) {
      if (!isVersionTaken(error) || attempt === mostTries) throw error;
    }
    baseVersion = (await activities.inspectDestinations(run))[sink] ?? 0;
  }
}

/**
 * Makes sure, after a run that did not succeed, that none of its publishers commits later. Where
 * that cannot be found out (no worker of the store comes back), the sink stays `uncertain`.
 */
export async function settleSinks(
  record: RunRecord,
  run: RunReference,
  activities: StoreActivities,
): Promise<void> {
  for (const [sink, baseVersion] of record.begun) {
    try {
      const published = await activities.fence(run, { sink, baseVersion });
      if (published) record.published(sink, published);
    } catch (error) {
      log.warn('a publish could not be settled', { sink, error });
      record.sink(sink).state = 'uncertain';
    }
  }
}

function isVersionTaken(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'VersionTaken'
  );
}
