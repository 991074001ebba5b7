import type { PreparedRun, PreparedSink, SinkReference } from '../contract/activities.js';
import {
  anyHostActivities,
  hostActivities,
  type HostActivities,
  type HostQueue,
} from '../contract/proxies.js';
import { hasSinkOnHost } from './needs-host.js';
import { isWorkerMissing } from './run-failure.js';

/** Once a store's worker was waited for in vain: a tenth of that wait, and at most half a minute. */
const longestWaitOnceLostMs = 30_000;

/** The activities of a run that its steps call, wherever each is done. */
export interface Routes extends HostActivities {
  /** Sinks that only the run's own host reaches. */
  isOnHost(sink: string): boolean;
  /** Calls an activity on the workers of the run's store. */
  onHost<T>(call: (queue: HostQueue) => Promise<T>): Promise<T>;
}

/**
 * Sends what needs a disk to the queue of the store that has it, and what any host can do to the queue of
 * all. Of a run that was prepared by an earlier version, everything goes to the store.
 *
 * A store whose worker did not come in time is not waited for as long again: what is left to do there is to
 * clean up.
 */
export function routesOf(prepared: PreparedRun, taskQueue: string): Routes {
  const { store, bucket } = prepared;
  const whileThere: HostQueue = {
    taskQueue: store.taskQueue,
    scheduleToStartTimeout: store.waitMs,
  };
  const onceLost: HostQueue = {
    ...whileThere,
    scheduleToStartTimeout: Math.min(store.waitMs / 10, longestWaitOnceLostMs),
  };
  const any = anyHostActivities(taskQueue, prepared);
  const sinks = new Map(prepared.sinks.map((sink) => [sink.name, sink]));
  const isOnHost = (sink: string): boolean => sinks.get(sink)?.address === undefined;
  const hasHostSink = hasSinkOnHost(prepared);
  let isLost = false;

  async function byHost<T>(call: (queue: HostQueue) => Promise<T>): Promise<T> {
    try {
      return await call(isLost ? onceLost : whileThere);
    } catch (error) {
      if (isWorkerMissing(error) && knowsAnyHost(prepared)) isLost = true;
      throw error;
    }
  }

  const onHost = <T>(call: (activities: HostActivities) => Promise<T>): Promise<T> =>
    byHost((queue) => call(hostActivities(queue, prepared)));

  return {
    isOnHost,
    onHost: byHost,
    inspectDestinations(run, takesOrder, only) {
      const wanted = only ?? [...sinks.keys()];
      const isAny = bucket !== undefined && !wanted.some(isOnHost);
      return isAny
        ? any.inspectDestinations(run, takesOrder, only)
        : onHost((host) => host.inspectDestinations(run, takesOrder, only));
    },
    resolveWindows: (run, request) =>
      bucket !== undefined && !hasHostSink
        ? any.resolveWindows(run, request)
        : onHost((host) => host.resolveWindows(run, request)),
    audit: (run, staged) =>
      bucket !== undefined && isInBucket(staged.manifestUri)
        ? any.audit(run, staged)
        : onHost((host) => host.audit(run, staged)),
    publish: (run, staged, sink) =>
      bucket !== undefined && isInBucket(staged.manifestUri) && !isOnHost(sink.sink)
        ? any.publish(run, staged, sink)
        : onHost((host) => host.publish(run, staged, sink)),
    fence(run, reference) {
      const sink = sinks.get(reference.sink);
      if (sink?.address === undefined) return onHost((host) => host.fence(run, reference));
      return any.fence(run, addressed(reference, sink));
    },
    async finish(run, receipt, target) {
      if (bucket === undefined) return onHost((host) => host.finish(run, receipt, target));
      const found = await any.finish(run, receipt, target);
      if (!hasHostSink) return found;
      // What was fetched for a sink of that host is there, and so is what that sink has.
      return (await onHost((host) => host.finish(run, receipt, null))) ?? found;
    },
  };
}

/** Whether the run was prepared by a version that tells what any host can do. */
function knowsAnyHost({ revision }: Pick<PreparedRun, 'revision'>): boolean {
  return revision !== undefined && revision >= 2;
}

function addressed(
  reference: SinkReference,
  { module, destination, address }: PreparedSink,
): SinkReference {
  const parameters = address as Record<string, unknown>;
  return { ...reference, address: { module, destination, parameters } };
}

function isInBucket(uri: string): boolean {
  return uri.startsWith('gs://');
}
