import { readManifest } from '../../src/activities/staged/read-manifest.js';
import { sinkNamed } from '../../src/activities/plan/sink-named.js';
import { publishRequestOf } from '../../src/activities/publish/publish-request.js';
import { readPlan } from '../../src/activities/plan/read-plan.js';
import { stagedHere } from '../../src/activities/staged/fetch-staged.js';
import type { ActivityDeps } from '../../src/activities/index.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import type { Publisher } from '../../src/destinations/destination.js';
import { loadDestination } from '../../src/destinations/registry.js';
import type { PipelineActivities, RunReference } from '../../src/workflows/contract/activities.js';

/**
 * The activities that open a destination, without the short-lived process that the worker starts for
 * each: the same reads and the same commit in the worker's own process. For measurements of the rest.
 */
export function inProcessPublisher(
  deps: ActivityDeps,
): Pick<PipelineActivities, 'inspectDestinations' | 'publish'> {
  async function opened<T>(
    run: RunReference,
    sink: PlannedSink,
    use: (publisher: Publisher) => Promise<T>,
  ): Promise<T> {
    const destination = await loadDestination(sink.module);
    const context = { root: deps.root, storeId: deps.store.id };
    const parameters = destination.parameters.parse(sink.parameters);
    const publisher = await destination.open(parameters, context, run.destinationWaitMs);
    try {
      return await use(publisher);
    } finally {
      await publisher.close();
    }
  }
  return {
    async inspectDestinations(run) {
      const versions: Record<string, number> = {};
      for (const sink of (await readPlan(deps, run)).sinks) {
        const own = { runKey: run.runKey, sink: sink.name };
        const inspect = (publisher: Publisher) => publisher.inspect(own);
        versions[sink.name] = (await opened(run, sink, inspect)).version;
      }
      return versions;
    },
    async publish(run, staged, reference) {
      const { sink: name } = reference;
      const plan = await readPlan(deps, run);
      const sink = sinkNamed(plan, name);
      const { manifest, sha256: manifestSha256 } = await readManifest(deps, staged);
      const stagedSink = manifest.sinks[name];
      if (!stagedSink) throw new Error(`no sink ${name}`);
      const here = await stagedHere(deps, run, staged, stagedSink);
      const request = {
        ...publishRequestOf(plan, run, { staged, manifest, manifestSha256 }, reference),
        staged: here,
      };
      const commit = await opened(run, sink, (publisher) => publisher.publish(request));
      return { version: commit.version, rows: commit.rows, bytes: commit.bytes };
    },
  };
}
