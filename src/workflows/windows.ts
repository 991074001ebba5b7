import { workflowInfo } from '@temporalio/workflow';
import type { RunPipelineInput } from '../shared/run-input.js';
import type { RunWindows } from '../shared/window.js';
import type { PreparedRun, RunReference, UnfinishedRun } from './activities.js';
import { logicalTimeOf } from './logical-time.js';
import type { StoreActivities } from './proxies.js';
import { publishEarlier } from './publish.js';
import type { RunRecord } from './run-record.js';

/** Earlier runs that one run finishes at most: each pipeline leaves one behind. */
const mostEarlier = 10;

/**
 * Freezes what the run reads of its incremental sources, while it holds its destinations' locks. An
 * earlier run that published only some of its sinks is finished first.
 * @returns undefined for a run that reads everything
 */
export async function freezeWindows(
  { incremental = [] }: PreparedRun,
  input: RunPipelineInput,
  run: RunReference,
  record: RunRecord,
  activities: StoreActivities,
): Promise<RunWindows | undefined> {
  if (incremental.length === 0) return undefined;
  if (input.windows !== undefined) return record.froze(input.windows);
  const time = logicalTimeOf(workflowInfo()).toISOString();
  for (let count = 0; ; count++) {
    const resolved = await activities.resolveWindows(run, {
      time,
      ...(input.window === undefined ? {} : { given: input.window }),
    });
    const { unfinished, windows, notes } = resolved;
    if (unfinished === null) {
      for (const note of notes) record.note(note);
      return record.froze(windows, time);
    }
    if (count === mostEarlier) throw new Error(`run ${unfinished.runKey} stays unfinished`);
    await finishEarlier(unfinished, run, record, activities);
  }
}

/** Publishes what an earlier run staged and did not publish. */
export async function finishEarlier(
  earlier: UnfinishedRun,
  run: RunReference,
  record: RunRecord,
  activities: StoreActivities,
): Promise<void> {
  for (const sink of earlier.sinks) {
    const published = await publishEarlier(earlier, sink, run, activities);
    record.finishedEarlier(earlier, sink, published);
  }
}
