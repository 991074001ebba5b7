import pLimit from 'p-limit';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleClient,
  type ScheduleOptions,
} from '@temporalio/client';
import { workflowType } from '../shared/names.js';
import { memoKey, type RunMemo } from '../shared/run/run-memo.js';
import { currentOf, readSchedule, type OwnerMemo } from './current.js';
import { desiredFacts, differences, specHash, summaryOf, workflowIdOf } from './facts.js';
import { overlapOf } from './overlap.js';
import { foreignText, type Change, type SchedulePlan } from './plan.js';
import type { CurrentSchedule, DesiredSchedule } from './schedule.js';
import { calendarSpecs } from './spec.js';
import { cronWords } from './words.js';

/** What became of one change. */
export interface Applied {
  change: Change;
  /** Why it could not be made. */
  failure: Error | null;
}

export interface ApplyOptions {
  /** @internal */
  client: ScheduleClient;
  /** Goes into the notes of the schedules that change. */
  reason?: string | undefined;
  /** Is told of each change as it is made. */
  onApplied?: ((applied: Applied) => void) | undefined;
}

/** Changes that are made at once. */
const atOnce = 8;
/** How often a schedule is written anew, if somebody else writes it, too. */
const tries = 10;

/** Thrown when somebody else writes a schedule again and again. */
class ScheduleContended extends Error {
  override readonly name = 'ScheduleContended';
}

/** Makes the changes of a plan, and no other. One that fails does not keep the others from being made. */
export async function applySchedules(
  { changes, deployment }: SchedulePlan,
  options: ApplyOptions,
): Promise<Applied[]> {
  const limit = pLimit(atOnce);
  const pending = changes.filter(({ kind }) => kind !== 'unchanged' && kind !== 'left');
  return Promise.all(
    pending.map((change) =>
      limit(async () => {
        const applied: Applied = { change, failure: null };
        try {
          await make(change, deployment, options);
        } catch (error) {
          applied.failure = error instanceof Error ? error : new Error(String(error));
        }
        options.onApplied?.(applied);
        return applied;
      }),
    ),
  );
}

async function make(change: Change, deployment: string, options: ApplyOptions): Promise<void> {
  switch (change.kind) {
    case 'create':
      if (await create(change.desired, deployment, options)) return;
      return settle(change.desired, deployment, options, { differs: false });
    case 'update':
      return settle(change.desired, deployment, options, { differs: true });
    case 'delete':
      return remove(options.client, change.name, deployment);
    case 'unchanged':
    case 'left':
  }
}

/** @returns false if there is one of that name by now */
async function create(
  desired: DesiredSchedule,
  deployment: string,
  { client, reason }: ApplyOptions,
): Promise<boolean> {
  const { name, pipeline, config, paused = false } = desired;
  const owner: OwnerMemo = { deployment, pipeline, config };
  try {
    await client.create({
      scheduleId: name,
      ...optionsOf(desired),
      memo: { [memoKey]: owner },
      state: { paused, note: noteOf(desired, reason) },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/** Writes a schedule until it is as desired: an update that lost against another one is dropped. */
async function settle(
  desired: DesiredSchedule,
  deployment: string,
  options: ApplyOptions,
  { differs }: { differs: boolean },
): Promise<void> {
  const { name } = desired;
  if (differs) await write(desired, deployment, options);
  for (let turn = 0; turn < tries; turn++) {
    const current = await readSchedule(options.client, name, deployment);
    if (current === null) {
      if (await create(desired, deployment, options)) return;
    } else {
      if (!current.isOurs) throw new Error(foreignText(current));
      if (isAsDesired(current, desired)) return;
      await write(desired, deployment, options);
    }
  }
  throw new ScheduleContended(`\`${name}\` is being changed by somebody else; apply again`);
}

/** One update; it may be dropped, or find that the schedule is gone. */
async function write(
  desired: DesiredSchedule,
  deployment: string,
  { client, reason }: ApplyOptions,
): Promise<void> {
  try {
    await client.getHandle(desired.name).update((described) => {
      const current = currentOf(described, deployment);
      if (!current.isOurs) throw new Error(foreignText(current));
      const { paused, note } = current;
      const isPaused = desired.paused ?? paused;
      // Who paused it wrote why; a note that is right already stays, too.
      const isKept = (isPaused && paused) || isAsDesired(current, desired);
      return {
        ...optionsOf(desired),
        state: { paused: isPaused, note: isKept ? (note ?? '') : noteOf(desired, reason) },
      };
    });
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError) && !isConflict(error)) throw error;
  }
}

/** Servers that say so refuse an update whose token is old with FAILED_PRECONDITION; others drop it. */
function isConflict(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } };
  return cause?.code === 9;
}

function isAsDesired(current: CurrentSchedule, desired: DesiredSchedule): boolean {
  return differences(current.facts, desiredFacts(desired, current.paused)).length === 0;
}

/**
 * Deletes a schedule of ours; nothing if it is gone.
 * @internal
 */
export async function remove(
  client: ScheduleClient,
  name: string,
  deployment: string,
): Promise<void> {
  const current = await readSchedule(client, name, deployment);
  if (current === null) return;
  if (!current.isOurs) throw new Error(foreignText(current));
  try {
    await client.getHandle(name).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function optionsOf(
  desired: DesiredSchedule,
): Pick<ScheduleOptions, 'spec' | 'policies' | 'action'> {
  const { config, args } = desired;
  const run: RunMemo = {
    schedule: desired.name,
    spec: specHash(desiredFacts(desired, false)),
  };
  return {
    spec: {
      calendars: desired.crons.flatMap((cron) => calendarSpecs(cron)),
      timezone: desired.timezone,
      jitter: desired.jitterMs,
    },
    policies: {
      overlap: overlapOf(desired.overlap),
      catchupWindow: desired.catchupMs,
      pauseOnFailure: desired.pauseOnFailure,
    },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: workflowIdOf(desired),
      taskQueue: desired.taskQueue,
      args: [{ config, ...(Object.keys(args).length > 0 && { args }) }],
      staticSummary: summaryOf(desired),
      memo: { [memoKey]: run },
    },
  };
}

function noteOf(desired: DesiredSchedule, reason: string | undefined): string {
  const { crons, timezone, config } = desired;
  const when = crons.map((cron) => cronWords(cron)).join('; ');
  const why = reason === undefined ? '' : ` Last change: ${reason}.`;
  return `${when} (${timezone}). Made by Beamline from ${config}.${why}`;
}
