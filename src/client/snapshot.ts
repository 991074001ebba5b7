import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { searchAttributes, type RunStatus } from '../shared/contract.js';
import type { ReceiptJob } from '../shared/job.js';
import type { Progress, StepProgress } from '../shared/progress.js';
import { outcomes, type RunState } from '../shared/receipt.js';
import { runKeyOf } from '../store/run-key.js';
import type { EndState } from './errors.js';

/** Where a run is, as far as a client can see it. */
export type SeenState = RunState | EndState;

/** One line of a list of runs. */
export interface RunSummary {
  run_key: string;
  workflow_id: string;
  run_id: string;
  /** Null until the worker has read the config. */
  pipeline: string | null;
  state: SeenState;
  /** Null until the worker has read the config. */
  runner: 'local' | 'dataflow' | null;
  /** ISO 8601, UTC. */
  started_at: string;
  /** Null while the run is open. */
  closed_at: string | null;
}

/** A look at a run. */
export interface RunSnapshot extends RunSummary {
  /** Destinations that this run waits for, because another run holds them. */
  waiting_for: string[];
  sinks: RunStatus['sinks'];
  /** The Dataflow job of an open run, once it is known; the receipt has that of one that has ended. */
  job: ReceiptJob | null;
  /** What Beam's steps have done in this attempt, by name; empty before and after. */
  steps: Record<string, StepProgress>;
  /** The activity under way; null between two. */
  activity: PendingActivity | null;
  /** Why the last workflow task failed, if the run makes no progress because of that. */
  stuck: string | null;
}

export interface PendingActivity {
  name: string;
  /** Counted from 1. */
  attempt: number;
  /** How often it is tried at most; null if it is tried for as long as the run may take. */
  most_attempts: number | null;
  /** ISO 8601: when this attempt begins; null if it has begun, or only waits for a worker. */
  next_at: string | null;
  /** True if a worker has it now. */
  running: boolean;
  /** Why the attempt before failed. */
  last_failure: { type: string; message: string } | null;
}

/** The run id with which the execution began: it stays the same through reset and retry. */
function firstRunIdOf({ raw, runId }: WorkflowExecutionInfo): string {
  return raw.firstRunId || runId;
}

/** The short run key of an execution: its own word, since a list does not tell first run ids. */
export function runKeyOfExecution(info: WorkflowExecutionInfo): string {
  return info.typedSearchAttributes.get(searchAttributes.runKey) ?? runKeyOf(firstRunIdOf(info));
}

export function summaryOf(info: WorkflowExecutionInfo, runKey: string): RunSummary {
  return {
    run_key: runKey,
    workflow_id: info.workflowId,
    run_id: info.runId,
    pipeline: info.typedSearchAttributes.get(searchAttributes.pipeline) ?? null,
    state: stateOf(info),
    runner: runnerOf(info.typedSearchAttributes.get(searchAttributes.runner)),
    started_at: info.startTime.toISOString(),
    closed_at: info.closeTime?.toISOString() ?? null,
  };
}

export function snapshotOf(
  description: WorkflowExecutionDescription,
  runKey: string,
  status: RunStatus | null,
): RunSnapshot {
  const { pendingActivities, pendingWorkflowTask } = description.raw;
  const pending = pendingActivities?.[0];
  const attempts = pendingWorkflowTask?.attempt ?? 1;
  const summary = summaryOf(description as unknown as WorkflowExecutionInfo, runKey);
  return {
    ...summary,
    // The workflow's own answer is newer than what was described before it was asked.
    state: status?.state ?? summary.state,
    pipeline: status?.pipeline ?? summary.pipeline,
    runner: status?.runner ?? summary.runner,
    job: status?.job ?? null,
    waiting_for: status?.waiting_for ?? [],
    sinks: status?.sinks ?? [],
    steps: stepsOf(pending),
    activity: pending ? activityOf(pending) : null,
    stuck:
      attempts > 2
        ? `its workflow task has failed ${attempts - 1} times: the worker's log says why`
        : null,
  };
}

function runnerOf(text: string | undefined): RunSummary['runner'] {
  return text === 'local' || text === 'dataflow' ? text : null;
}

/** An open run's own word; else how Temporal closed it. */
function stateOf({ status, typedSearchAttributes }: WorkflowExecutionInfo): SeenState {
  const said = typedSearchAttributes.get(searchAttributes.state) as RunState | undefined;
  switch (status.name) {
    case 'COMPLETED':
      return 'succeeded';
    case 'FAILED':
      return outcomes.find((outcome) => outcome === said && outcome !== 'succeeded') ?? 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
      return 'terminated';
    case 'TIMED_OUT':
      return 'timed_out';
    case 'RUNNING':
    case 'PAUSED':
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN':
      return said ?? 'preparing';
  }
}

type RawActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** `PENDING_ACTIVITY_STATE_STARTED` (temporal.api.enums.v1.PendingActivityState). */
const startedState = 2;

function activityOf(raw: RawActivity): PendingActivity {
  const { lastFailure, nextAttemptScheduleTime, maximumAttempts } = raw;
  const running = Number(raw.state) === startedState;
  const nextAt = Number(nextAttemptScheduleTime?.seconds ?? 0) * 1000;
  return {
    name: raw.activityType?.name ?? '',
    attempt: raw.attempt ?? 1,
    most_attempts: maximumAttempts || null,
    next_at: running || nextAt === 0 ? null : new Date(nextAt).toISOString(),
    running,
    last_failure: lastFailure
      ? {
          type: lastFailure.applicationFailureInfo?.type ?? 'WorkerLost',
          message: lastFailure.message ?? '',
        }
      : null,
  };
}

function stepsOf(raw: RawActivity | undefined): Record<string, StepProgress> {
  const payload = raw?.heartbeatDetails?.payloads?.[0];
  if (raw?.activityType?.name !== 'runBeam' || !payload) return {};
  return defaultPayloadConverter.fromPayload<Partial<Progress>>(payload).steps ?? {};
}
