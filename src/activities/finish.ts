import { rm } from 'node:fs/promises';
import { faultPoint } from '../process/fault-point.js';
import { endRecordedProcesses } from '../process/process-record.js';
import { storePaths, writeAtomically } from '../store/local-store.js';
import { objectPaths } from '../store/object-store.js';
import type { PipelineActivities } from '../workflows/activities.js';
import type { ActivityDeps } from './deps.js';

/**
 * Keeps the receipt (Temporal forgets after its retention) and removes what the run staged.
 *
 * In an object store the receipt comes first: a launcher of this run that starts late finds it and
 * stages nothing more.
 */
export function createFinish({
  store,
  objects,
}: Pick<ActivityDeps, 'store' | 'objects'>): PipelineActivities['finish'] {
  return async (run, receipt, target) => {
    await faultPoint('worker:before-finish');
    const text = `${JSON.stringify(receipt, null, 2)}\n`;
    const close = async (): Promise<void> => {
      if (target === null) return;
      await (await objects()).write(objectPaths.receipt(target.store, run.runKey), text);
      await faultPoint('worker:run-closed');
    };
    const [closed] = await Promise.allSettled([close()]);
    // Kept here also if the object store refuses it.
    await writeAtomically(storePaths.receipt(store, run.runKey), text);
    await faultPoint('worker:receipt-kept');
    if (closed.status === 'rejected') throw closed.reason;
    if (target !== null) {
      const remote = await objects();
      await remote.remove(objectPaths.profiles(target.store, run.runKey));
      await remote.removePrefix(objectPaths.staging(target.store, run.runKey));
    }
    await faultPoint('worker:bucket-cleaned');
    const processes = storePaths.beamProcesses(store, run.runKey);
    await endRecordedProcesses(processes);
    await rm(processes, { recursive: true, force: true });
    await rm(storePaths.staging(store, run.runKey), { recursive: true, force: true });
  };
}
