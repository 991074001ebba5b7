/**
 * The TypeScript client of Beamline: starts pipelines, follows their runs, reads their receipts. The
 * command line is made of it.
 *
 * @packageDocumentation
 */
export type { CancelRequest } from './look/cancel-request.js';
export { Beamline, type ConnectOptions } from './beamline.js';
export {
  CannotRerun,
  ForeignSchedule,
  ReceiptNotFound,
  RunFailed,
  RunNotFound,
  ScheduleNotFound,
  TemporalUnreachable,
  type EndState,
} from './server/errors.js';
export type { Run } from './run.js';
export type { Schedules, TriggeredRun } from './schedules.js';
export type { Applied } from '../schedules/apply.js';
export type { Change, SchedulePlan } from '../schedules/plan.js';
export type { CurrentSchedule, DesiredSchedule, FieldChange } from '../schedules/schedule.js';
export { createRunRequest, type RunOptions, type RunRequest } from './run-request.js';
export type { PendingActivity, RunSnapshot, RunSummary, SeenState } from './look/snapshot.js';
export { findStoredReceipt } from './look/stored-receipts.js';
export { ConfigProblems, type Problem } from '../config/document/problems.js';
export type { RunStatus } from '../shared/run/contract.js';
export type { AbsentHost } from './look/absent-host.js';
export type { HeldDestination, Waits } from './look/waits.js';
export { failureTypes, type FailureType } from '../shared/failures.js';
export type { StepProgress } from '../shared/run/progress.js';
export type { Outcome, Receipt, ReceiptSink, ReceiptStep } from '../shared/run/receipt.js';
export type { RunPipelineInput } from '../shared/run/run-input.js';
