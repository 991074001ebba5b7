import type { Commit } from '../destinations/destination.js';
import type { PlannedSink } from '../config/plan.js';
import { faultPoint } from '../process/fault-point.js';
import { failure } from '../shared/failures.js';
import type { PipelineActivities, Published, RunReference } from '../workflows/activities.js';
import { assertRunOpen } from './assert-run-open.js';
import type { ActivityDeps } from './deps.js';
import { readManifest } from './read-manifest.js';
import { readPlan } from './read-plan.js';
import { publishRequestOf, sinkNamed } from './publish-request.js';
import { inPublisher } from './publisher-child.js';
import { stagedHere } from './staged-here.js';

/** Reads the committed version of each sink's destination; the run holds their locks. */
export function createInspectDestinations(
  deps: ActivityDeps,
): PipelineActivities['inspectDestinations'] {
  return async (run) => {
    const { sinks } = await readPlan(deps.store, run);
    const versions: Record<string, number> = {};
    for (const sink of sinks) {
      const { destination } = sink;
      const action = { kind: 'inspect', destination } as const;
      versions[sink.name] = await inPublisher<number>(
        deps,
        destination,
        taskOf(deps, run, sink, action),
      );
    }
    return versions;
  };
}

/** Commits what the manifest of `staged` names for one sink. */
export function createPublish(deps: ActivityDeps): PipelineActivities['publish'] {
  return async (run, staged, reference) => {
    const { sink: name } = reference;
    const plan = await readPlan(deps.store, run);
    const sink = sinkNamed(plan, name);
    const { manifest, sha256: manifestSha256 } = await readManifest(deps, staged);
    const stagedSink = manifest.sinks[name];
    if (!stagedSink) throw failure('AuditFailed', `the manifest has no sink \`${name}\``);
    const here = await stagedHere(deps, run, staged, stagedSink);
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

/** Takes the version that a publisher of this run was to commit, unless it has. */
export function createFence(deps: ActivityDeps): PipelineActivities['fence'] {
  return async (run, { sink: name, baseVersion }) => {
    const sink = sinkNamed(await readPlan(deps.store, run), name);
    const { destination } = sink;
    const identity = { destination, baseVersion, runKey: run.runKey, sink: name };
    const action = { kind: 'fence', identity } as const;
    const commit = await inPublisher<Commit | null>(
      deps,
      destination,
      taskOf(deps, run, sink, action),
    );
    return commit && publishedOf(commit);
  };
}

function publishedOf({ version, rows, bytes }: Commit): Published {
  return { version, rows, bytes };
}

export function taskOf(
  { root, store }: ActivityDeps,
  run: RunReference,
  sink: PlannedSink,
  action: Parameters<typeof inPublisher>[2]['action'],
): Parameters<typeof inPublisher>[2] {
  return {
    module: sink.module,
    parameters: sink.parameters,
    context: { root, storeId: store.id },
    waitMs: run.destinationWaitMs,
    action,
  };
}
