import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RunStatus } from '../../shared/run/contract.js';
import type { JobEvent } from '../../shared/run/job.js';
import type { LockRequest } from './activities.js';

export const statusQuery = defineQuery<RunStatus>('status');

/** To a run: what an event claims of a job. A hint: only a look at the job counts. */
export const jobStateChangedSignal = defineSignal<[event: JobEvent]>('jobStateChanged');
/** To a run: end it, as a cancellation does. */
export const cancelJobSignal = defineSignal('cancelJob');
/** To a run: let its streaming job finish what it has read. Refused for a batch job. */
export const drainJobSignal = defineSignal('drainJob');
/** To a run: the destination is yours; for another run key it is not meant for this run. */
export const lockGrantedSignal = defineSignal<[destination: string, runKey: string]>('lockGranted');
/** To a lock: this run wants the destination; true if it has it, else it waits for its turn. */
export const takeUpdate = defineUpdate<boolean, [request: LockRequest]>('take');
/** To a lock: as {@link takeUpdate}, for who cannot wait for the answer, which is a signal then. */
export const acquireSignal = defineSignal<[request: LockRequest]>('acquire');
/** To a lock: this run no longer wants it. */
export const releaseSignal = defineSignal<[request: LockRequest]>('release');
/** Who holds a lock and who waits, in order. */
export const lockQuery = defineQuery<{ holder: LockRequest | null; waiting: LockRequest[] }>(
  'lock',
);
