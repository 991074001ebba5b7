import {
  CancelledFailure,
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { runnerByField } from '../runners/registry.js';
import { failure } from '../shared/failures.js';
import { outcomeFailureTypes, type Outcome, type Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import {
  targetOf,
  type PreparedRun,
  type RunReference,
  type UnfinishedRun,
} from './contract/activities.js';
import { withDeadline } from './steps/deadline.js';
import { isRefused, refusal, resumedProblem, runInputProblem } from './contract/intake.js';
import { createDestinationLocks, type DestinationLocks } from './locks/destination-locks.js';
import { finalFailure } from './record/final-failure.js';
import { inspect } from './steps/inspect.js';
import { prepare, referenceOf } from './steps/prepare.js';
import { publishSink, settleSinks } from './steps/publish.js';
import { finishEarlier, freezeWindows } from './steps/windows.js';
import { receiptOf } from './record/receipt.js';
import { routesOf, type Routes } from './record/routes.js';
import { RunEnd } from './record/run-end.js';
import { attemptOf, runFailureOf, type RunFailure } from './record/run-failure.js';
import { RunRecord } from './record/run-record.js';
import { statusOf } from './record/status.js';
import type { ResumedRun } from './resumed-run.js';
import type { Ears, RunnerContext, RunnerWorkflow } from './runner.js';
import { cancelJobSignal, drainJobSignal, statusQuery } from './contract/signals.js';

/** The workflow parts of all runners, by their names. */
export type Runners = Readonly<Record<string, RunnerWorkflow>>;

/**
 * Runs one pipeline: prepare, lock the destinations, run Beam, audit, publish, receipt.
 *
 * Nothing is published before everything is staged and audited; whatever way the run ends, its job
 * has ended, its staging is removed, its locks are given back and its receipt is kept.
 * @param resumed what an earlier execution had done, where a long history was continued as new
 */
export async function runPipelineWith(
  runners: Runners,
  input: RunPipelineInput,
  resumed: ResumedRun | null,
): Promise<Receipt> {
  const isContinued = workflowInfo().continuedFromExecutionRunId !== undefined;
  const problem = runInputProblem(input) ?? resumedProblem(resumed, isContinued);
  if (problem !== null && isRefused()) throw refusal(problem);
  const startedAt = resumed === null ? workflowInfo().startTime : new Date(resumed.startedAt);
  const record = new RunRecord(input, startedAt);
  const locks = createDestinationLocks(() => record.prepared?.runKey ?? '');
  const work = new CancellationScope();
  const heard = new Map<string, Ears>(
    Object.entries(runners).map(([name, runner]) => [name, runner.listen?.(record) ?? deaf]),
  );
  setHandler(statusQuery, () =>
    statusOf(record, locks.waitingFor(), heard.get(record.runner)?.claimedState ?? null),
  );
  setHandler(cancelJobSignal, () => work.cancel());
  setHandler(drainJobSignal, () => {
    record.wantsDrain = true;
  });

  const prepared = resumed?.prepared ?? (await prepare(input, record));
  record.start(prepared);
  for (const note of resumed?.notes ?? []) record.note(note);

  const run = referenceOf(prepared);
  const runnerName = runnerByField(prepared) ?? record.runner;
  const activities = routesOf(prepared, workflowInfo().taskQueue);
  const deadlineAt = resumed ? resumed.deadlineAt : deadlineOf(prepared);
  const state: RunState = {
    input,
    resumed,
    startedAt,
    deadlineAt,
    record,
    prepared,
    run,
    locks,
    activities,
    runner: runnerOf(runners, runnerName),
    heard: heard.get(runnerName) ?? deaf,
  };
  let outcome: Outcome = 'succeeded';
  let cause: unknown = null;
  let failed: RunFailure | null = null;
  try {
    const left = deadlineAt === null ? null : Math.max(deadlineAt - Date.now(), 0);
    const inTime = await work.run(() => withDeadline(left, () => runSteps(state)));
    if (!inTime) {
      outcome = 'deadline_exceeded';
      failed = {
        type: outcomeFailureTypes.deadline_exceeded,
        message: `the run took longer than its \`timeout\` of ${(prepared.timeoutMs ?? 0) / 1000} s`,
      };
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    cause = error;
    record.attempts = attemptOf(error) ?? record.attempts;
    // Once a cancellation is in, whatever else goes wrong follows from it.
    const cancelled = isCancellation(error) || work.consideredCancelled;
    outcome = cancelled ? 'cancelled' : error instanceof RunEnd ? error.outcome : 'failed';
    if (outcome !== 'cancelled') {
      failed = error instanceof RunEnd ? error.failure : runFailureOf(error, prepared.store);
    }
  }

  return CancellationScope.nonCancellable(async () => {
    if (outcome !== 'succeeded') await settleSinks(record, run, activities, locks);
    await locks.release();
    record.enter(outcome);
    const receipt = receiptOf(record, outcome, failed);
    const sinks = await activities
      .finish(run, receipt, targetOf(prepared))
      .catch((error: unknown) => log.warn('the receipt could not be kept', { error }));
    if (outcome === 'cancelled') throw new CancelledFailure('the run was cancelled');
    if (failed) throw finalFailure(failed, { ...receipt, sinks: sinks ?? receipt.sinks }, cause);
    return receipt;
  });
}

function deadlineOf({ timeoutMs }: PreparedRun): number | null {
  return timeoutMs === null ? null : Date.now() + timeoutMs;
}

/** What the steps of one execution work with. */
interface RunState {
  input: RunPipelineInput;
  resumed: ResumedRun | null;
  startedAt: Date;
  /** Milliseconds since 1970. */
  deadlineAt: number | null;
  record: RunRecord;
  prepared: PreparedRun;
  run: RunReference;
  locks: DestinationLocks;
  activities: Routes;
  runner: RunnerWorkflow;
  /** What its signals have said. */
  heard: Ears;
}

async function runSteps(state: RunState): Promise<void> {
  const { resumed, input, record, prepared, locks, activities } = state;
  const { completes } = prepared;
  let versions: Record<string, number>;
  if (resumed === null) {
    record.enter('queued');
    // While it needs its host, a run keeps no destination from the others.
    if (prepared.bucket !== undefined && completes === undefined) await provideNow(state);
    await locks.acquire(
      Object.fromEntries(prepared.sinks.map(({ destination, lockId }) => [destination, lockId])),
    );
    if (completes !== undefined) return finishOnly(completes, state);
    versions = await inspectFor(state);
    const asked = { ...state.run, profiles: record.provided?.profilesUri ?? state.run.profiles };
    const windows = await freezeWindows(prepared, input, asked, record, activities);
    if (windows !== undefined) state.run = { ...state.run, windows };
    // What was finished first moved its destinations.
    if (record.completed.length > 0) versions = await inspectFor(state);
  } else {
    locks.resume(resumed.locks);
    ({ versions } = resumed);
    knowReadAt(state, resumed.readAt ?? resumed.startedAt);
    if (resumed.windows !== undefined) {
      state.run = { ...state.run, windows: record.froze(resumed.windows) };
    }
  }

  const { run } = state;
  record.enter('running');
  const staged = await state.runner.stage(
    contextOf(state, versions),
    state.heard,
    resumed?.job ?? null,
  );
  record.attempts = staged.attempt;
  record.staged = staged;

  record.enter('auditing');
  const audit = await activities.audit(run, staged);
  record.audit = audit;
  const empty = prepared.sinks.filter(({ name }) => audit.sinks[name]?.rows === 0);
  for (const sink of empty) {
    if (sink.onEmpty === 'fail') {
      throw failure(
        'AuditFailed',
        `${sink.name}: the run brings no row and \`on_empty\` is \`fail\``,
        { step: sink.name },
      );
    }
  }

  record.enter('publishing');
  for (const sink of prepared.sinks) {
    // An empty window is published, too: the next one begins where it ends.
    const isKept = sink.onEmpty === 'keep' && empty.includes(sink) && sink.windowed !== true;
    if (isKept) record.kept(sink.name);
    else
      await publishSink(record, run, staged, referenceTo(sink.name, input), versions, activities);
  }
}

/** Uploads what the run's job reads: from then on any host goes on with the run, as far as its sinks let it. */
async function provideNow(state: RunState): Promise<void> {
  const { record, runner, heard } = state;
  record.provided = (await runner.provide?.(contextOf(state, {}), heard)) ?? null;
}

/** Looks at the destinations; what is read from here on is newer than what they have. */
async function inspectFor(state: RunState): Promise<Record<string, number>> {
  const { versions, readAt } = await inspect(state.run, state.activities);
  knowReadAt(state, readAt);
  return versions;
}

function knowReadAt(state: RunState, readAt: string): void {
  state.run = { ...state.run, readAt };
  state.record.readAt = readAt;
}

/** A run that only publishes what an earlier one left. */
async function finishOnly(earlier: UnfinishedRun, state: RunState): Promise<void> {
  const { input, record, prepared, run, activities } = state;
  record.enter('publishing');
  for (const { name } of prepared.sinks) if (!earlier.sinks.includes(name)) record.kept(name);
  await finishEarlier(earlier, run, record, activities, { overNewer: input.over_newer === true });
}

function referenceTo(sink: string, { again }: RunPipelineInput): { sink: string; again?: boolean } {
  return again === true ? { sink, again } : { sink };
}

function contextOf(state: RunState, versions: Record<string, number>): RunnerContext {
  const { input, startedAt, deadlineAt, record, prepared, run, locks, activities } = state;
  const { taskQueue, runId, firstExecutionRunId } = workflowInfo();
  return {
    prepared,
    run,
    record,
    routes: activities,
    taskQueue,
    startedAt,
    // Said to activities only: after a reset it is another than when the history was made, so no step
    // of the workflow may depend on it. A continued execution is not the first either.
    wasReset: runId !== firstExecutionRunId && state.resumed === null,
    allowPlaintextProfile: input.allowPlaintextProfile === true,
    isLong: () => workflowInfo().continueAsNewSuggested,
    async continueIfLong(job) {
      if (!workflowInfo().continueAsNewSuggested) return;
      if (CancellationScope.current().consideredCancelled) return;
      await continueAsNew<(again: RunPipelineInput, from: ResumedRun) => Promise<Receipt>>(input, {
        prepared,
        startedAt: startedAt.toISOString(),
        deadlineAt,
        locks: locks.held(),
        versions,
        ...(run.windows === undefined ? {} : { windows: run.windows }),
        ...(run.readAt === undefined ? {} : { readAt: run.readAt }),
        notes: [...record.notes],
        job,
      });
    },
  };
}

/** What nothing is heard by. */
const deaf: Ears = { claimedState: null };

function runnerOf(runners: Runners, name: string): RunnerWorkflow {
  const runner = Object.hasOwn(runners, name) ? runners[name] : undefined;
  // The worker that prepared the run has it: one of a newer version, or of another build.
  if (runner === undefined) throw new Error(`this worker has no runner \`${name}\``);
  return runner;
}
