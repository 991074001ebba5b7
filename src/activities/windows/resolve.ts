import { existsSync } from 'node:fs';
import { windowedSourcesOf } from '../../config/plan/lineage.js';
import type { Plan, PlannedIncremental, PlannedSink } from '../../config/plan/plan-types.js';
import type { AskedSource, Position } from '../../destinations/destination.js';
import { isCommitted } from '../../destinations/cursors.js';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import {
  compareCursors,
  cursorKey,
  type RecordedCursor,
  type SourceWindow,
  rangeText,
} from '../../shared/run/window.js';
import { isGsUri } from '../../store/gs-uri.js';
import type {
  PipelineActivities,
  ResolvedWindows,
  RunReference,
  UnfinishedRun,
} from '../../workflows/contract/activities.js';
import { probeCursors, type CursorProbe } from '../beam/cursor-probe.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { sinkNamed } from '../plan/sink-named.js';
import { taskOf } from '../publish/publish.js';
import { inPublisher } from '../publish/publisher-child.js';
import { isUnavailable, pinnedPlan, planIn, readPlan } from '../plan/read-plan.js';
import { NoWindow, type WindowFacts } from './window-facts.js';
import { windowOf } from './window-of.js';

/**
 * Freezes what a run reads of its incremental sources; the run holds the locks of its destinations.
 * If an earlier run published only some of its sinks, it answers with that one instead: it is finished
 * first, or what the others lack would be read again for all.
 */
export function createResolveWindows(deps: ActivityDeps): PipelineActivities['resolveWindows'] {
  return async (run, request) => {
    const plan = await readPlan(deps, run);
    const positions = await askSinks(deps, run, plan);
    const unfinished = unfinishedOf(plan, positions, run);
    if (unfinished !== null) {
      await assertSameSinks(deps, run, plan, unfinished);
      return { windows: {}, notes: [], unfinished };
    }
    const probes = await probeCursors(deps, run);
    await faultPoint('worker:probed');
    const resolved: ResolvedWindows = { windows: {}, notes: [], unfinished: null };
    for (const { name, incremental } of plan.sources) {
      const probe = probes[name];
      if (incremental === undefined) continue;
      if (probe === undefined) throw failure('InternalError', `nothing is known of \`${name}\``);
      const sinks = sinksOf(plan, name);
      const key = cursorKey(plan.name, name);
      try {
        resolved.windows[name] = windowOf({
          incremental,
          modes: sinks.map(({ mode }) => mode),
          time: new Date(request.time),
          timezone: plan.timezone,
          probe,
          recorded: sinks.flatMap((sink) => recordedBy(positions[sink.name], key)),
          ...askedOf(positions, incremental, key),
          given: request.given,
        });
      } catch (error) {
        if (!(error instanceof NoWindow)) throw error;
        throw failure('ConfigError', `${name}: ${error.message}`, { step: name });
      }
      if (request.given !== undefined && request.again !== true) {
        assertNotCommitted(resolved.windows[name], key, run, sinks, positions);
      }
      const unknowing = sinks.filter((sink) => positions[sink.name]?.cursors[key] === undefined);
      resolved.notes.push(
        ...windowNotes(name, resolved.windows[name], unknowing),
        ...nullNotes(name, probe),
      );
    }
    return resolved;
  };
}

/**
 * Refuses a window that was given before it is read: its publish would be refused.
 * @throws `WindowCommitted`
 */
function assertNotCommitted(
  window: SourceWindow,
  key: string,
  { runKey }: RunReference,
  sinks: readonly PlannedSink[],
  positions: Readonly<Record<string, Position>>,
): void {
  for (const { name, mode } of sinks) {
    const position = positions[name];
    // What this run committed before it was reset is its own.
    const isOwn = position?.commits.some((commit) => commit.runKey === runKey) ?? true;
    if (position === undefined || isOwn || position.empty || mode === 'merge') continue;
    const recorded = position.cursors[key];
    if (!isCommitted(mode, window, recorded)) continue;
    const { column } = window;
    throw failure(
      'WindowCommitted',
      `${name} has the rows of ${key} before ${column} ${recorded.next} already; the window that is given ` +
        `brings ${rangeText(window)}. Nothing was read. Publish them all the ` +
        'same with `--again`, or begin where the last run ended.',
      { step: name },
    );
  }
}

/** What each sink knows that incremental sources reach, or begin where it ends. */
async function askSinks(
  deps: ActivityDeps,
  run: RunReference,
  plan: Plan,
): Promise<Record<string, Position>> {
  const positions: Record<string, Position> = {};
  for (const sink of plan.sinks) {
    const sources = plan.sources.flatMap(({ name, incremental }): AskedSource[] =>
      incremental?.destination_sink === sink.name && incremental.from === 'max_value_in_destination'
        ? [{ key: cursorKey(plan.name, name), column: incremental.column }]
        : [],
    );
    if (sources.length === 0 && windowedSourcesOf(plan, sink.input).length === 0) continue;
    const task = taskOf(deps, run, sink, { kind: 'position', sources });
    positions[sink.name] = await inPublisher<Position>(deps, sink.destination, task);
  }
  return positions;
}

/** What the sink that a source asks says of its greatest value, and of whose it may be. */
function askedOf(
  positions: Readonly<Record<string, Position>>,
  { destination_sink: sink }: PlannedIncremental,
  key: string,
): Pick<WindowFacts, 'max' | 'others'> {
  const asked = sink === null ? undefined : positions[sink];
  const { [key]: _own, ...others } = asked?.cursors ?? {};
  return { max: asked?.greatest[key] ?? null, others };
}

/**
 * The run that made a sink's newest commit and published not all of this pipeline's sinks. Where no sink
 * is appended to there is nothing to finish: a merge is made again from where the last sink ended.
 */
function unfinishedOf(
  plan: Plan,
  positions: Readonly<Record<string, Position>>,
  { runKey }: RunReference,
): UnfinishedRun | null {
  if (!plan.sinks.some(({ name, mode }) => mode === 'append' && name in positions)) return null;
  for (const { last } of Object.values(positions)) {
    if (last === null || last.pipeline !== plan.name || last.runKey === runKey) continue;
    const missing = last.sinks.filter((sink) => {
      const position = positions[sink];
      return (
        position !== undefined &&
        !position.commits.some((made) => made.runKey === last.runKey && made.sink === sink)
      );
    });
    if (missing.length === 0) continue;
    const { manifestUri, manifestSha256, readAt } = last;
    return {
      runKey: last.runKey,
      planSha256: last.planSha256,
      staged: { manifestUri, manifestSha256, attempt: 1 },
      sinks: missing,
      ...(readAt === null ? {} : { readAt }),
    };
  }
  return null;
}

/** Rows that somebody took away come again: what is recorded of an empty destination says nothing. */
function recordedBy(position: Position | undefined, key: string): (RecordedCursor | null)[] {
  const cursor = position?.cursors[key];
  if (cursor === undefined) return [null];
  return position?.empty ? [] : [cursor];
}

/**
 * What the earlier run staged may only go where it was meant to, and this run has the locks of.
 * @throws `StoreUnavailable` if what it staged is out of reach, `ConfigError` if the config moved a sink
 */
async function assertSameSinks(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'objects'>,
  run: RunReference,
  plan: Plan,
  { runKey, planSha256, staged, sinks }: UnfinishedRun,
): Promise<void> {
  const what = `run ${runKey} published only a part of its sinks; ${sinks.join(', ')} must follow first`;
  const { store } = deps;
  const text = await pinnedPlan(deps, planSha256, run.bucket).catch((error: unknown) => {
    if (isUnavailable(error)) return null;
    throw error;
  });
  if (text === null || (!isGsUri(staged.manifestUri) && !existsSync(staged.manifestUri))) {
    throw failure(
      'StoreUnavailable',
      `${what}, and what it staged is not in the store ${store.id} on ${store.host}: where it is, ` +
        `\`beamline rerun ${runKey}\` publishes it; if it is lost, read the window again with --window and --again, which brings it to every sink`,
    );
  }
  const earlier = await planIn(text, deps, run);
  const moved = sinks.filter(
    (name) => sinkNamed(earlier, name).destination !== sinkNamed(plan, name).destination,
  );
  if (moved.length === 0) return;
  throw failure(
    'ConfigError',
    `${what}, and ${moved.join(', ')} has another destination now: \`beamline rerun ${runKey}\` publishes it`,
  );
}

function sinksOf(plan: Plan, source: string): PlannedSink[] {
  return plan.sinks.filter(({ input }) => windowedSourcesOf(plan, input).includes(source));
}

/** @param unknowing sinks that have no record of the source */
function windowNotes(
  source: string,
  window: SourceWindow | undefined,
  unknowing: readonly PlannedSink[],
): string[] {
  const sinks = unknowing.map(({ name }) => name).join(', ');
  switch (window?.basis) {
    case 'everything':
      return [
        `${source}: a full first load, ` +
          (sinks === ''
            ? 'since its destinations are empty'
            : `since ${sinks} has no record of it`),
      ];
    case 'record':
      if (sinks === '') return [];
      return [
        `${source}: ${sinks} has no record of it, and gets no rows from before ${window.low}`,
      ];
    case 'given':
      if (window.low === null || compareCursors(window.type, window.next, window.low) >= 0)
        return [];
      return [
        `${source}: the window leaves out rows that no run has read; the next run begins at ${window.next}`,
      ];
    case 'destination':
    case 'interval':
    case 'initial_value':
    case undefined:
      return [];
  }
}

function nullNotes(source: string, { column, nulls }: CursorProbe): string[] {
  if (nulls === null || nulls === 0) return [];
  return [
    nulls === 1
      ? `${source}: 1 row has no \`${column}\` and belongs to no window`
      : `${source}: ${nulls} rows have no \`${column}\` and belong to no window`,
  ];
}
