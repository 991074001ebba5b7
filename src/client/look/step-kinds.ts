import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { StepKind } from '../../shared/run/progress.js';
import { storePaths } from '../../store/local-store.js';
import { storeRootOf } from './stored-receipts.js';

/**
 * The kinds of a run's steps, by name, from the plan that it pinned; empty where the plan is in a
 * store of another host, or not pinned yet.
 */
export async function stepKindsOf(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
  root: string,
): Promise<ReadonlyMap<string, StepKind>> {
  try {
    const sha256 = await pinnedPlanOf(handle);
    if (sha256 === null) return new Map();
    const text = await readFile(storePaths.plan(storeRootOf(root), sha256), 'utf8');
    const plan = JSON.parse(text) as Record<string, { name: string }[] | undefined>;
    const named = (key: string, kind: StepKind): [string, StepKind][] =>
      (plan[key] ?? []).map(({ name }) => [name, kind]);
    return new Map([
      ...named('sources', 'source'),
      ...named('transforms', 'transform'),
      ...named('sinks', 'sink'),
      ...named('job_sinks', 'sink'),
    ]);
  } catch {
    return new Map();
  }
}

/** From the result of `prepare`, in the run's history. */
async function pinnedPlanOf(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string | null> {
  const { events } = await handle.fetchHistory();
  const prepare = events?.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'prepare',
  );
  const completed = events?.find(
    ({ activityTaskCompletedEventAttributes: completed }) =>
      completed && String(completed.scheduledEventId) === String(prepare?.eventId),
  );
  const payload = completed?.activityTaskCompletedEventAttributes?.result?.payloads?.[0];
  if (!payload) return null;
  return defaultPayloadConverter.fromPayload<{ planSha256?: string }>(payload).planSha256 ?? null;
}
