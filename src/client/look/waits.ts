import type { Client } from '@temporalio/client';
import type { RunStatus } from '../../shared/run/contract.js';
import { isNamed } from '../../shared/form.js';
import { lockRequestOf } from '../../shared/run/lock-request.js';
import { lockWorkflowPrefix } from '../../shared/names.js';
import { destinationHash } from '../../store/run-key.js';
import { absentHostOf, type AbsentHost } from './absent-host.js';
import { readRunStatus } from './read-run-status.js';

/** A destination that a run waits for, and the run that has it. */
export interface HeldDestination {
  destination: string;
  run_key: string;
  workflow_id: string;
  /** Set if that run cannot go on before this host is back. */
  absent_host: AbsentHost | null;
}

/** What keeps an open run from going on. */
export interface Waits {
  /** Set if the run itself cannot go on, now or at a later step, before this host is back. */
  absent_host: AbsentHost | null;
  held_by: HeldDestination[];
}

/** Milliseconds for each answer of a workflow: who cannot be asked is left out. */
const answerWithinMs = 2_000;

/**
 * What keeps the run of a workflow id from going on, as far as it answers.
 * @internal
 */
export async function waitsOf(client: Client, workflowId: string): Promise<Waits> {
  const status = await answeredStatus(client, workflowId);
  return {
    absent_host: await absentHostOf(client, workflowId, status),
    held_by: await holdersOf(client, workflowId, status?.waiting_for ?? []),
  };
}

/**
 * Who holds what a workflow waits for, as far as they answer.
 * @internal
 */
export async function holdersOf(
  client: Client,
  workflowId: string,
  waitingFor: readonly string[],
): Promise<HeldDestination[]> {
  const held = waitingFor.map((destination) => holderOf(client, destination, workflowId));
  return (await Promise.all(held)).flatMap((one) => one ?? []);
}

/**
 * The status of a run, as its workflow answers; null if it does not in time, or answers anything else.
 * @internal
 */
export async function answeredStatus(
  client: Client,
  workflowId: string,
): Promise<RunStatus | null> {
  const run = client.workflow.getHandle(workflowId);
  return readRunStatus(await within(client, () => run.query<unknown>('status')));
}

async function holderOf(
  client: Client,
  destination: string,
  waiting: string,
): Promise<HeldDestination | null> {
  const lock = client.workflow.getHandle(`${lockWorkflowPrefix}${destinationHash(destination)}`);
  const told = await within(client, () => lock.query<unknown>('lock'));
  const holder = lockRequestOf(isNamed(told) ? told['holder'] : undefined);
  if (holder === null || holder.workflowId === waiting) return null;
  const { workflowId, runKey } = holder;
  const status = await answeredStatus(client, workflowId);
  return {
    destination,
    run_key: runKey,
    workflow_id: workflowId,
    absent_host: await absentHostOf(client, workflowId, status).catch(() => null),
  };
}

async function within<T>(client: Client, call: () => Promise<T>): Promise<T | null> {
  try {
    return await client.withDeadline(Date.now() + answerWithinMs, call);
  } catch {
    return null;
  }
}
