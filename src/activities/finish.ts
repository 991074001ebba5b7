import { rm } from 'node:fs/promises';
import { faultPoint } from '../process/fault-point.js';
import { endRecordedProcesses } from '../process/process-record.js';
import { storePaths, type LocalStore } from '../store/local-store.js';
import { systemRefusalOf } from '../shared/system-errors.js';
import { writeAtomically } from '../store/write-file.js';
import { objectPaths } from '../store/object-store.js';
import type { PipelineActivities } from '../workflows/contract/activities.js';
import { assertExecutionOpen } from './attempt/assert-run-open.js';
import { withOwnCommits } from './publish/own-commits.js';
import { tellEarlierRuns } from './tell-earlier-runs.js';
import type { ActivityDeps } from './attempt/deps.js';
import { runnerActivities } from './runner-activities.js';

/**
 * Keeps the receipt (Temporal forgets after its retention) and removes what the run staged.
 *
 * What a run staged and did not publish stays, if it published a part: `rerun`, or the next run,
 * publishes the rest and removes it.
 *
 * On a host that is not the run's only the object store is seen to. In it the receipt comes first: a
 * launcher of this run that starts late finds it and stages nothing more. Of a run that was reset, the
 * jobs that it did not take over are cancelled.
 */
export function createFinish(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'objects' | 'client' | 'dataflow'>,
): PipelineActivities['finish'] {
  const { store, objects, client } = deps;
  return async (run, given, target) => {
    await faultPoint('worker:before-finish');
    await assertExecutionOpen(client);
    // Another host has nothing of this run, and is not where anybody looks for its receipt.
    const isHere = run.storeId === store.id;
    const sinks = await withOwnCommits(deps, run, given);
    const receipt = sinks === null ? given : { ...given, sinks };
    const text = `${JSON.stringify(receipt, null, 2)}\n`;
    const close = async (): Promise<void> => {
      if (target === null) return;
      await (await objects()).write(objectPaths.receipt(target.store, run.runKey), text);
      await faultPoint('worker:run-closed');
    };
    const [closed] = await Promise.allSettled([close()]);
    // Before its own receipt, which is the latest.
    const [told] = await Promise.allSettled([tellEarlierRuns(store, receipt)]);
    // Kept here also if the object store refuses it.
    if (isHere) await keepReceipt(store, run.runKey, text, receipt.left === undefined);
    if (told.status === 'rejected') throw told.reason;
    await faultPoint('worker:receipt-kept');
    await assertExecutionOpen(client);
    if (target !== null) {
      if (receipt.outcome !== 'succeeded') {
        const runner = await runnerActivities(receipt.runner);
        await runner.endEarlier?.(deps, target, run.runKey);
      }
      const remote = await objects();
      // Each is tried, whatever is refused before: there may be a password in the profiles.
      const removed = await Promise.allSettled([
        remote.remove(objectPaths.profiles(target.store, run.runKey)),
        closed.status === 'fulfilled' &&
          receipt.left === undefined &&
          remote.removePrefix(objectPaths.staging(target.store, run.runKey)),
        ...(receipt.completed ?? []).map((runKey) =>
          remote.removePrefix(objectPaths.staging(target.store, runKey)),
        ),
      ]);
      for (const step of [closed, ...removed]) if (step.status === 'rejected') throw step.reason;
    }
    await faultPoint('worker:bucket-cleaned');
    if (!isHere) return sinks;
    for (const runKey of receipt.completed ?? []) {
      await rm(storePaths.staging(store, runKey), { recursive: true, force: true });
    }
    const processes = storePaths.beamProcesses(store, run.runKey);
    await endRecordedProcesses(processes);
    await rm(processes, { recursive: true, force: true });
    if (receipt.left !== undefined) return sinks;
    await rm(storePaths.staging(store, run.runKey), { recursive: true, force: true });
    return sinks;
  };
}

/** Where the disk is full, it is the staging that fills it: what is of no use any more goes first. */
async function keepReceipt(
  store: LocalStore,
  runKey: string,
  text: string,
  stagingIsDone: boolean,
): Promise<void> {
  const file = storePaths.receipt(store, runKey);
  try {
    await writeAtomically(file, text);
  } catch (error) {
    if (!stagingIsDone || systemRefusalOf(error) !== 'StorageFull') throw error;
    await rm(storePaths.staging(store, runKey), { recursive: true, force: true });
    await writeAtomically(file, text);
  }
}
