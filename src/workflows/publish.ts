import { ActivityFailure, ApplicationFailure, CancellationScope, log } from '@temporalio/workflow';
import type {
  Published,
  RunReference,
  SinkReference,
  Staged,
  UnfinishedRun,
} from './activities.js';
import { versionOf } from './inspect.js';
import type { StoreActivities } from './proxies.js';
import type { RunRecord } from './run-record.js';

/** A destination may move under a held lock only by the late commit of a terminated run. */
const mostTries = 3;

/**
 * Publishes one sink of an earlier run, under that run's key: whoever had begun it commits it once. A
 * failure takes the version, so that a publisher which still sleeps commits nothing later.
 */
export async function publishEarlier(
  { runKey, planSha256, staged, readAt }: UnfinishedRun,
  sink: Omit<SinkReference, 'baseVersion'>,
  run: RunReference,
  activities: StoreActivities,
): Promise<Published> {
  const { readAt: _own, ...here } = run;
  const earlier = { ...here, runKey, planSha256, ...(readAt === undefined ? {} : { readAt }) };
  let begun: number | null = null;
  try {
    return await commit(earlier, staged, sink, {}, activities, (version) => {
      begun = version;
    });
  } catch (error) {
    const baseVersion = begun;
    if (baseVersion !== null) {
      await CancellationScope.nonCancellable(() =>
        activities.fence(earlier, { sink: sink.sink, baseVersion }),
      ).catch((failed: unknown) => log.warn('a publish could not be settled', { sink, failed }));
    }
    throw error;
  }
}

/** Publishes one sink on the version that was inspected, or on the newer one if that was taken. */
export async function publishSink(
  record: RunRecord,
  run: RunReference,
  staged: Staged,
  sink: Omit<SinkReference, 'baseVersion'>,
  versions: Record<string, number>,
  activities: StoreActivities,
): Promise<void> {
  const published = await commit(run, staged, sink, versions, activities, (baseVersion) => {
    record.begun.set(sink.sink, baseVersion);
  });
  record.published(sink.sink, published);
}

/** @param versions what is known of the destinations; looked up where it is not */
async function commit(
  run: RunReference,
  staged: Staged,
  sink: Omit<SinkReference, 'baseVersion'>,
  versions: Record<string, number>,
  activities: StoreActivities,
  onBegin: (baseVersion: number) => void,
): Promise<Published> {
  const inspect = async () => versionOf((await activities.inspectDestinations(run))[sink.sink]);
  let baseVersion = versions[sink.sink] ?? (await inspect());
  for (let attempt = 1; ; attempt++) {
    onBegin(baseVersion);
    try {
      return await activities.publish(run, staged, { ...sink, baseVersion });
    } catch (error) {
      if (!isVersionTaken(error) || attempt === mostTries) throw error;
    }
    baseVersion = await inspect();
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
