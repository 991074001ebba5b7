import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ReceiptJob } from './job.js';
import type { Progress, StepProgress } from './progress.js';
import type { ReceiptSink, RunState } from './receipt.js';

/**
 * Registered by the worker when it starts: an unregistered one leaves a run failing its tasks.
 * @internal
 */
export const searchAttributes = {
  pipeline: defineSearchAttributeKey('BeamlinePipeline', SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey('BeamlineState', SearchAttributeType.KEYWORD),
  runner: defineSearchAttributeKey('BeamlineRunner', SearchAttributeType.KEYWORD),
  runKey: defineSearchAttributeKey('BeamlineRunKey', SearchAttributeType.KEYWORD),
  jobId: defineSearchAttributeKey('BeamlineJobId', SearchAttributeType.KEYWORD),
};

/** The answer of the query `status`. */
export interface RunStatus {
  state: RunState;
  pipeline: string | null;
  run_key: string | null;
  store: string | null;
  /** The host of that store; absent from a run of an earlier version. */
  host?: string | null;
  /** Whether only a worker of that store can go on with the run, now or at a later step. */
  needs_host?: boolean;
  runner: string;
  /** The run's job, once it is known; null for the local runner. */
  job: ReceiptJob | null;
  /** Destinations this run waits for. */
  waiting_for: string[];
  sinks: Pick<ReceiptSink, 'name' | 'module' | 'destination' | 'location' | 'state' | 'rows'>[];
  /** What the steps have done, once everything is staged and counted; before, a heartbeat tells. */
  steps?: Record<string, StepProgress>;
}

/** What a status says of sinks. */
export function sinksOfStatus(sinks: readonly ReceiptSink[]): RunStatus['sinks'] {
  return sinks.map(({ name, module, destination, location, state, rows }) => ({
    name,
    module,
    destination,
    ...(location === undefined ? {} : { location }),
    state,
    rows,
  }));
}

/** Progress of the Beam child, from the last heartbeat of `runBeam`; see {@link RunStatus}. */
export type { Progress };
