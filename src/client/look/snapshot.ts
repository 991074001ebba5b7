import { searchAttributes, type RunStatus } from '../../shared/run/contract.js';
import type { ReceiptJob } from '../../shared/run/job.js';
import { payloadConverter } from '../../shared/data-converter.js';
import { isNamed } from '../../shared/form.js';
import { longestTexts } from '../../shared/limits.js';
import type { StepProgress } from '../../shared/run/progress.js';
import { outcomes, runStates, type RunState } from '../../shared/run/receipt.js';
import { shortened } from '../../shared/shortened.js';
import { runKeyOf } from '../../store/run-key.js';
import type { EndState } from '../server/errors.js';
import type { DescribedExecution, Execution, RawActivity } from '../server/executions.js';
import type { HeldDestination } from './waits.js';
import { readSteps } from './read-steps.js';
import { isRunKey } from './stored-receipts.js';

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
  runner: string | null;
  /** ISO 8601, UTC. */
  started_at: string;
  /** Null while the run is open. */
  closed_at: string | null;
}

/** A look at a run. */
export interface RunSnapshot extends RunSummary {
  /** Destinations that this run waits for, because another run holds them. */
  waiting_for: string[];
  /** The runs that hold them, as far as they are known: `progress()` asks. */
  held_by: HeldDestination[];
  sinks: RunStatus['sinks'];
  /** The Dataflow job of an open run, once it is known; the receipt has that of one that has ended. */
  job: ReceiptJob | null;
  /**
   * What the steps have done, by name: in this attempt of Beam, or in all once everything is staged.
   * Empty before; `progress()` keeps them, and has those of the receipt at the end.
   */
  steps: Record<string, StepProgress>;
  /** The activity under way; null between two. */
  activity: PendingActivity | null;
  /** Why the run makes no progress: its workflow task fails, no worker answers, or Temporal does not. */
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

/**
 * The short run key of an execution: its own word, since a list does not tell first run ids. Anybody may
 * start one that says anything: what is no run key names no file and no run.
 * @internal
 */
export function runKeyOfExecution(execution: Execution): string {
  const said = execution.textOf(searchAttributes.runKey.name);
  return said !== undefined && isRunKey(said) ? said : runKeyOf(execution.firstRunId);
}

/** @internal */
export function summaryOf(execution: Execution, runKey: string): RunSummary {
  return {
    run_key: runKey,
    workflow_id: execution.workflowId,
    run_id: execution.runId,
    pipeline: execution.textOf(searchAttributes.pipeline.name) ?? null,
    state: stateOf(execution),
    runner: execution.textOf(searchAttributes.runner.name) ?? null,
    started_at: execution.startTime.toISOString(),
    closed_at: execution.closeTime?.toISOString() ?? null,
  };
}

/** @internal */
export function snapshotOf(
  execution: DescribedExecution,
  runKey: string,
  status: RunStatus | null,
): RunSnapshot {
  const { pendingActivity: pending, failedTasks } = execution;
  const summary = summaryOf(execution, runKey);
  const staged = readSteps(status?.steps);
  return {
    ...summary,
    // The workflow's own answer is newer than what was described before it was asked.
    state: status?.state ?? summary.state,
    pipeline: status?.pipeline ?? summary.pipeline,
    runner: status?.runner ?? summary.runner,
    job: status?.job ?? null,
    waiting_for: status?.waiting_for ?? [],
    held_by: [],
    sinks: status?.sinks ?? [],
    steps: Object.keys(staged).length > 0 ? staged : stepsInHeartbeat(pending),
    activity: pending ? activityOf(pending) : null,
    stuck:
      failedTasks > 1
        ? `its workflow task has failed ${failedTasks} times: the worker's log says why`
        : null,
  };
}

/** An open run's own word; else how Temporal closed it. */
function stateOf(execution: Execution): SeenState {
  const said = execution.textOf(searchAttributes.state.name);
  switch (execution.status) {
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
    case 'UNKNOWN':
      return [...runStates, ...outcomes].find((state) => state === said) ?? 'preparing';
  }
}

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
          message: shortened(lastFailure.message ?? '', longestTexts.message),
        }
      : null,
  };
}

/** What the last heartbeat says. */
function stepsInHeartbeat(raw: RawActivity | null): Record<string, StepProgress> {
  const payload = raw?.heartbeatDetails?.payloads?.[0];
  if (raw?.activityType?.name !== 'runBeam' || !payload) return {};
  const details = payloadConverter.fromPayload<unknown>(payload);
  return isNamed(details) ? readSteps(details['steps']) : {};
}
