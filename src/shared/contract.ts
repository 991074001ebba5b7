import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Progress } from './progress.js';
import type { ReceiptSink, RunState } from './receipt.js';

/** Names that cross process boundaries: change one only with a replay test in hand. */
export const workflowType = 'runPipeline';
export const lockWorkflowType = 'destinationLock';
export const defaultTaskQueue = 'beamline';
/** A lock's workflow id is this and the hash of its destination. */
export const lockWorkflowPrefix = 'beamline.lock.';
/** Name of the connection profiles beside a config, or in the project root. */
export const profilesName = '.connections.json';

/** The task queue of the workers that see the disk of one local store. */
export function storeTaskQueue(taskQueue: string, storeId: string): string {
  return `${taskQueue}.${storeId}`;
}

/** Registered by the worker when it starts: an unregistered one leaves a run failing its tasks. */
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
  /** Destinations this run waits for. */
  waiting_for: string[];
  sinks: Pick<ReceiptSink, 'name' | 'module' | 'destination' | 'state' | 'rows'>[];
}

/** Progress of the Beam child, from the last heartbeat of `runBeam`; see {@link RunStatus}. */
export type { Progress };
