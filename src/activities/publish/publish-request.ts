import { plannedSourcesOf } from '../../config/plan/lineage.js';
import type { Plan, PlannedSink } from '../../config/plan/plan-types.js';
import type {
  CommitIdentity,
  Merge,
  PublishRequest,
  SinkWindow,
} from '../../destinations/destination.js';
import { sinkNamed } from '../plan/sink-named.js';
import type { Manifest } from '../../shared/run/manifest.js';
import { cursorKey } from '../../shared/run/window.js';
import { isGsUri } from '../../store/gs-uri.js';
import type { RunReference, SinkReference, Staged } from '../../workflows/contract/activities.js';

/** What the publisher of one sink is asked: all of it follows from the plan and the manifest. */
export function publishRequestOf(
  plan: Plan,
  run: RunReference,
  {
    staged,
    manifest,
    manifestSha256,
  }: { staged: Staged; manifest: Manifest; manifestSha256: string },
  { sink: name, baseVersion, again = false, overNewer = false }: SinkReference,
): Omit<PublishRequest, 'staged'> {
  const sink = sinkNamed(plan, name);
  const windows = windowsOf(plan, manifest, sink);
  const identity: CommitIdentity = {
    destination: sink.destination,
    baseVersion,
    runKey: run.runKey,
    sink: name,
  };
  return {
    ...identity,
    mode: sink.mode,
    merge: mergeOf(sink, windows),
    onSchemaChange: sink.on_schema_change ?? 'fail',
    windows,
    again,
    readAt: run.readAt ?? null,
    overNewer,
    origin: {
      pipeline: plan.name,
      planSha256: run.planSha256,
      manifestUri: staged.manifestUri,
      manifestSha256,
      storeId: run.storeId,
      sinks: plan.sinks.map((other) => other.name),
    },
    manifestSha256,
    stagedRemote: isGsUri(staged.manifestUri) ? (manifest.sinks[name] ?? null) : null,
  };
}

function windowsOf(plan: Plan, { windows }: Manifest, { input }: PlannedSink): SinkWindow[] {
  return plannedSourcesOf(plan, input).flatMap(({ name }) => {
    const window = windows[name];
    return window === undefined ? [] : [{ ...window, key: cursorKey(plan.name, name) }];
  });
}

function mergeOf({ mode, merge }: PlannedSink, windows: readonly SinkWindow[]): Merge | null {
  if (mode !== 'merge' || merge === undefined) return null;
  const [window, ...others] = windows;
  const isCursor =
    others.length === 0 && merge.keys.length === 1 && merge.keys[0] === window?.column;
  return { ...merge, window: isCursor ? (window ?? null) : null };
}
