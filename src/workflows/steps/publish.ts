import { CancellationScope, log } from '@temporalio/workflow';
import type {
  Published,
  RunReference,
  SinkReference,
  Staged,
  UnfinishedRun,
} from '../contract/activities.js';
import type { DestinationLocks } from '../locks/destination-locks.js';
import { versionOf } from './inspect.js';
import type { HostActivities } from '../contract/proxies.js';
import type { Routes } from '../record/routes.js';
import { runFailureOf } from '../record/run-failure.js';
import type { RunRecord } from '../record/run-record.js';

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
  activities: HostActivities,
): Promise<Published> {
  const earlier = { ...run, runKey, planSha256, readAt };
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
  activities: HostActivities,
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
  activities: HostActivities,
  onBegin: (baseVersion: number) => void,
): Promise<Published> {
  const inspect = async () => {
    const found = await activities.inspectDestinations(run, false, [sink.sink]);
    return versionOf(found[sink.sink]);
  };
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
 *
 * What any host can fence comes first, and the locks of what is settled are given back before a host is
 * waited for.
 */
export async function settleSinks(
  record: RunRecord,
  run: RunReference,
  routes: Routes,
  locks: Pick<DestinationLocks, 'release'>,
): Promise<void> {
  const begun = [...record.begun];
  const onHost = begun.filter(([sink]) => routes.isOnHost(sink));
  const anywhere = begun.filter((one) => !onHost.includes(one));
  await settle(anywhere, record, run, routes);
  const hasOthers = record.sinks.some(({ name }) => !routes.isOnHost(name));
  if (onHost.length > 0 && hasOthers) {
    await locks.release(new Set(onHost.map(([sink]) => record.sink(sink).destination)));
  }
  await settle(onHost, record, run, routes);
}

async function settle(
  begun: readonly (readonly [sink: string, baseVersion: number])[],
  record: RunRecord,
  run: RunReference,
  activities: HostActivities,
): Promise<void> {
  for (const [sink, baseVersion] of begun) {
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
  return runFailureOf(error, null).type === 'VersionTaken';
}
