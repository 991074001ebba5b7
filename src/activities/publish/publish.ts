import type { Commit, Standing } from '../../destinations/destination.js';
import type { PlannedSink } from '../../config/plan/plan-types.js';
import { loadDestination } from '../../destinations/registry.js';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import type {
  InspectedSink,
  PipelineActivities,
  Published,
  RunReference,
} from '../../workflows/contract/activities.js';
import { assertRunOpen } from '../attempt/assert-run-open.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { readManifest } from '../staged/read-manifest.js';
import { readPlan } from '../plan/read-plan.js';
import { sinkNamed } from '../plan/sink-named.js';
import { publishRequestOf } from './publish-request.js';
import { inPublisher } from './publisher-child.js';
import { stagedHere } from '../staged/fetch-staged.js';

/** Says where each sink's destination stands; the run holds their locks. */
export function createInspectDestinations(
  deps: ActivityDeps,
): PipelineActivities['inspectDestinations'] {
  return async (run, takesOrder, only) => {
    const { sinks } = await readPlan(deps, run);
    const found: Record<string, number | InspectedSink> = {};
    for (const sink of sinks) {
      if (only?.includes(sink.name) === false) continue;
      const { version, readAt } = await standingOf(deps, run, sink);
      found[sink.name] = takesOrder === true ? { version, readAt } : version;
    }
    return found;
  };
}

/** Commits what the manifest of `staged` names for one sink. */
export function createPublish(deps: ActivityDeps): PipelineActivities['publish'] {
  return async (run, staged, reference) => {
    const { sink: name } = reference;
    const plan = await readPlan(deps, run);
    const sink = sinkNamed(plan, name);
    const { manifest, sha256: manifestSha256 } = await readManifest(deps, staged);
    const stagedSink = manifest.sinks[name];
    if (!stagedSink)
      throw failure('StagingDamaged', `the manifest has no sink \`${name}\``, { step: name });
    const { reads } = await loadDestination(sink.module);
    const here = reads === 'local' ? await stagedHere(deps, run, staged, stagedSink) : stagedSink;
    await faultPoint('worker:before-publish');
    await assertRunOpen(deps.client);
    const commit = await inPublisher<Commit>(
      deps,
      sink.destination,
      taskOf(deps, run, sink, {
        kind: 'publish',
        request: {
          ...publishRequestOf(plan, run, { staged, manifest, manifestSha256 }, reference),
          staged: here,
        },
      }),
    );
    await faultPoint('worker:after-publish');
    return publishedOf(commit);
  };
}

/**
 * Takes the version that a publisher of this run was to commit, unless it has. Given the address of the
 * destination, it needs nothing that is kept of the run.
 */
export function createFence(deps: ActivityDeps): PipelineActivities['fence'] {
  return async (run, { sink: name, baseVersion, address }) => {
    const sink = address ?? sinkNamed(await readPlan(deps, run), name);
    const { destination } = sink;
    const identity = { destination, baseVersion, runKey: run.runKey, sink: name };
    const action = { kind: 'fence', identity } as const;
    const commit = await inPublisher<Commit | null>(
      deps,
      destination,
      taskOf(deps, run, { ...sink, name }, action),
    );
    return commit && publishedOf(commit);
  };
}

function publishedOf({ version, rows, bytes, replaced }: Commit): Published {
  return { version, rows, bytes, ...(replaced === undefined ? {} : { replaced }) };
}

/** Asks a sink's destination where it stands, and what the run has committed there. */
export async function standingOf(
  deps: Pick<ActivityDeps, 'root' | 'store'>,
  run: RunReference,
  sink: PlannedSink,
  as?: 'beside others',
): Promise<Standing> {
  const action = { kind: 'inspect', run: { runKey: run.runKey, sink: sink.name } } as const;
  return inPublisher<Standing>(deps, sink.destination, taskOf(deps, run, sink, action), as);
}

export function taskOf(
  { root, store }: Pick<ActivityDeps, 'root' | 'store'>,
  run: RunReference,
  sink: Pick<PlannedSink, 'module' | 'parameters'> & { name?: string },
  action: Parameters<typeof inPublisher>[2]['action'],
): Parameters<typeof inPublisher>[2] {
  return {
    ...(sink.name !== undefined && { sink: sink.name }),
    module: sink.module,
    parameters: sink.parameters,
    context: { root, storeId: store.id },
    waitMs: run.destinationWaitMs,
    action,
  };
}
