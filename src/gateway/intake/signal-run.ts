import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalAddress } from '../../client/server/connection.js';
import { codeOf, grpcCodes } from '../../client/server/grpc-codes.js';
import { remembered } from './remembered.js';
import { faultPoint } from '../../process/fault-point.js';
import type { JobEvent } from '../../shared/run/job.js';
import { jobStateChangedSignal } from '../../workflows/contract/signals.js';

/** What became of a signal. */
export type SignalResult =
  /** Temporal has it: it is in the run's history. */
  | 'signalled'
  /** There is no such workflow, or it has ended. */
  | 'no_run'
  /** Temporal takes no such signal of this run, now or later: it has had too many. */
  | 'refused'
  /** Temporal cannot be reached or did not answer in time: try again. */
  | 'unavailable';

/** Signals runs. */
export interface RunSignals {
  signal(workflowId: string, event: JobEvent): Promise<SignalResult>;
  /** Whether Temporal answers, as it was asked in the last few seconds. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/** Milliseconds for which an answer to a question of health counts. */
const readyForMs = 5_000;

/**
 * Signals by workflow id alone: without a run id the signal reaches the execution that is open, after
 * a reset or a continue-as-new, too. Connects when it is first used, so that it can start before
 * Temporal does.
 *
 * @param deadlineMs longest wait for an answer of Temporal
 */
export function createRunSignals(address: TemporalAddress, deadlineMs: number): RunSignals {
  const connection = Connection.lazy(address.connectionOptions);
  const namespace = address.namespace ?? 'default';
  const client = new Client({ connection, namespace });
  const inTime = <T>(call: () => Promise<T>): Promise<T> =>
    within(deadlineMs, connection.withDeadline(Date.now() + deadlineMs, call));

  return {
    async signal(workflowId, event) {
      await faultPoint('gateway:before-signal');
      try {
        await inTime(() =>
          client.workflow.getHandle(workflowId).signal(jobStateChangedSignal, event),
        );
        await faultPoint('gateway:signalled');
        return 'signalled';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'no_run';
        return codeOf(error) === grpcCodes.invalidArgument ? 'refused' : 'unavailable';
      }
    },
    isReady: remembered(readyForMs, async () => {
      try {
        await inTime(() => connection.workflowService.describeNamespace({ namespace }));
        return true;
      } catch {
        return false;
      }
    }),
    close: () => connection.close(),
  };
}

/** A connection that is being made has no deadline of its own. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const timer: { id?: NodeJS.Timeout } = {};
  const late = new Promise<never>((_, reject) => {
    timer.id = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms + 100);
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer.id);
  }
}
