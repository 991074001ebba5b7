import { workflowInfo } from '@temporalio/workflow';
import { failure } from '../../shared/failures.js';
import type { RunPipelineInput } from '../../shared/run/run-input.js';
import type { RunWindows } from '../../shared/run/window.js';
import type { PreparedRun, RunReference, UnfinishedRun } from '../contract/activities.js';
import { logicalTimeOf } from './logical-time.js';
import type { HostActivities } from '../contract/proxies.js';
import { publishEarlier } from './publish.js';
import { runFailureOf } from '../record/run-failure.js';
import type { RunRecord } from '../record/run-record.js';

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
  activities: HostActivities,
): Promise<RunWindows | undefined> {
  if (incremental.length === 0) return undefined;
  if (input.windows !== undefined) return record.froze(input.windows);
  const time = logicalTimeOf(workflowInfo()).toISOString();
  for (let count = 0; ; count++) {
    const resolved = await activities.resolveWindows(run, {
      time,
      given: input.window,
      again: input.again,
    });
    const { unfinished, windows, notes } = resolved;
    if (unfinished === null) {
      for (const note of notes) record.note(note);
      return record.froze(windows, time);
    }
    if (count === mostEarlier) throw new Error(`run ${unfinished.runKey} stays unfinished`);
    await finishEarlier(unfinished, run, record, activities).catch((error: unknown) => {
      throw ofEarlierRun(unfinished, error);
    });
  }
}

/** Rows of the earlier run that are behind newer ones: what is to be done about it is done to that run. */
function ofEarlierRun({ runKey }: UnfinishedRun, error: unknown): unknown {
  const { type, message, step } = runFailureOf(error, null);
  if (type !== 'NewerCommitted') return error;
  return failure(
    type,
    `run ${runKey} published only a part of its sinks, and the rest must follow first: ${message}`,
    { step, earlierRun: runKey },
  );
}

/** Publishes what an earlier run staged and did not publish. */
export async function finishEarlier(
  earlier: UnfinishedRun,
  run: RunReference,
  record: RunRecord,
  activities: HostActivities,
  { overNewer = false }: { overNewer?: boolean } = {},
): Promise<void> {
  for (const sink of earlier.sinks) {
    const reference = overNewer ? { sink, overNewer, again: true } : { sink };
    const published = await publishEarlier(earlier, reference, run, activities);
    record.finishedEarlier(earlier, sink, published);
  }
}
