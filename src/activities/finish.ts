import { rm } from 'node:fs/promises';
import { faultPoint } from '../process/fault-point.js';
import { endRecordedProcesses } from '../process/process-record.js';
import { storePaths, writeAtomically } from '../store/local-store.js';
import type { PipelineActivities } from '../workflows/activities.js';
import type { ActivityDeps } from './deps.js';

/** Keeps the receipt (Temporal forgets after its retention) and removes what the run staged. */
export function createFinish({ store }: ActivityDeps): PipelineActivities['finish'] {
  return async (run, receipt) => {
    await writeAtomically(
      storePaths.receipt(store, run.runKey),
      `${JSON.stringify(receipt, null, 2)}\n`,
    );
    await faultPoint('worker:receipt-kept');
    const processes = storePaths.beamProcesses(store, run.runKey);
    await endRecordedProcesses(processes);
    await rm(processes, { recursive: true, force: true });
    await rm(storePaths.staging(store, run.runKey), { recursive: true, force: true });
  };
}
