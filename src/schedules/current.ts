import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  ScheduleNotFoundError,
  ServiceError,
  type ScheduleClient,
  type ScheduleDescription,
} from '@temporalio/client';
import { isMapping } from '../config/values/values.js';
import { describedFacts, specHash } from './facts.js';
import type { CurrentSchedule, OtherSchedule } from './schedule.js';
import { memoKey } from '../shared/run/run-memo.js';
import { cronsOf } from './spec.js';

/** What the memo of a schedule says. It is written once: Temporal cannot change it later. */
export interface OwnerMemo {
  deployment: string;
  pipeline: string;
  /** The config as it was named when the schedule was created. */
  config: string;
}

/** A schedule of the server, if there is one of that name. */
export async function readSchedule(
  client: ScheduleClient,
  name: string,
  deployment: string,
): Promise<CurrentSchedule | OtherSchedule | null> {
  try {
    return currentOf(await client.getHandle(name).describe(), deployment);
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    if (error instanceof ServiceError) throw error;
    // What only its owner can decode is not ours.
    return { name, isOurs: false, pipeline: null };
  }
}

/** What a description says, seen from a deployment. */
export function currentOf(
  description: ScheduleDescription,
  deployment: string,
): CurrentSchedule | OtherSchedule {
  const { scheduleId, spec, state, action } = description;
  const owner = ownerOf(description.memo);
  if (owner?.deployment !== deployment) {
    return { name: scheduleId, isOurs: false, pipeline: owner?.pipeline ?? null };
  }
  const facts = describedFacts(description);
  const written: unknown = action.memo?.[memoKey];
  return {
    name: scheduleId,
    isOurs: true,
    pipeline: owner.pipeline,
    config: facts.config.key === '' ? owner.config : facts.config.key,
    crons: cronsOf(spec) ?? [],
    timezone: spec.timezone || 'UTC',
    facts,
    isEdited: !isMapping(written) || written['spec'] !== specHash(facts),
    paused: state.paused,
    note: state.note || null,
    description,
  };
}

/** Names of the schedules of a deployment. The server's list may lag behind what was just created. */
export async function ownNames(client: ScheduleClient, deployment: string): Promise<string[]> {
  const names: string[] = [];
  const { namespace } = client.options;
  let nextPageToken: Uint8Array | null | undefined;
  do {
    // Not the client's own list: it reads all of every memo, and fails on one that is encrypted.
    const page = await client.workflowService.listSchedules({
      namespace,
      maximumPageSize: 1000,
      nextPageToken: nextPageToken ?? null,
    });
    for (const { scheduleId, memo } of page.schedules ?? []) {
      const own = memo?.fields?.[memoKey];
      if (!own || !scheduleId) continue;
      if (ownerOf({ [memoKey]: readable(own) })?.deployment === deployment) names.push(scheduleId);
    }
    ({ nextPageToken } = page);
  } while (nextPageToken && nextPageToken.length > 0);
  return names;
}

function readable(payload: Payload): unknown {
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

function ownerOf(memo: Record<string, unknown> | undefined): OwnerMemo | undefined {
  const value: unknown = memo?.[memoKey];
  return isMapping(value) && typeof value['deployment'] === 'string'
    ? (value as unknown as OwnerMemo)
    : undefined;
}
