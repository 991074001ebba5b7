import type { OrphanLock, Runs, StalledRun, UnreadLock } from './orphan.js';

/**
 * Locks of destinations that a run holds which is gone, and runs that hold theirs while they wait for a host
 * which is not there.
 * @param unread is told of each lock that does not say who holds it: it hides no other
 */
export async function findOrphanLocks(
  runs: Pick<Runs, 'heldLocks' | 'fateOfRun' | 'absentHostOf'>,
  unread: (lock: UnreadLock) => void = () => undefined,
): Promise<{ locks: OrphanLock[]; stalled: StalledRun[] }> {
  const locks: OrphanLock[] = [];
  const stalled = new Map<string, StalledRun>();
  for await (const { lockId, holder, waiting } of runs.heldLocks(unread)) {
    const { workflowId, runKey } = holder;
    const known = stalled.get(runKey);
    if (known !== undefined) {
      known.locks.push(lockId);
      known.waiting += waiting;
      continue;
    }
    if ((await runs.fateOfRun(holder)) !== 'open') {
      locks.push({ lock_id: lockId, holder, waiting });
      continue;
    }
    const absent = await runs.absentHostOf(holder);
    if (absent === null) continue;
    const run = { run_key: runKey, workflow_id: workflowId, ...absent };
    stalled.set(runKey, { ...run, locks: [lockId], waiting });
  }
  return { locks, stalled: [...stalled.values()] };
}

/** Gives them back; a lock that somebody else holds meanwhile stays theirs. */
export async function releaseLocks(
  runs: Pick<Runs, 'release'>,
  locks: readonly OrphanLock[],
): Promise<void> {
  for (const { lock_id, holder } of locks) await runs.release(lock_id, holder);
}
