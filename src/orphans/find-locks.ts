import type { OrphanLock, Runs, UnreadLock } from './orphan.js';

/**
 * Locks of destinations that a run holds which is gone.
 * @param unread is told of each lock that does not say who holds it: it hides no other
 */
export async function findOrphanLocks(
  runs: Pick<Runs, 'heldLocks' | 'fateOfRun'>,
  unread: (lock: UnreadLock) => void = () => undefined,
): Promise<OrphanLock[]> {
  const orphans: OrphanLock[] = [];
  for await (const { lockId, holder, waiting } of runs.heldLocks(unread)) {
    const fate = await runs.fateOfRun(holder);
    if (fate !== 'open') orphans.push({ lock_id: lockId, holder, waiting });
  }
  return orphans;
}

/** Gives them back; a lock that somebody else holds meanwhile stays theirs. */
export async function releaseLocks(
  runs: Pick<Runs, 'release'>,
  locks: readonly OrphanLock[],
): Promise<void> {
  for (const { lock_id, holder } of locks) await runs.release(lock_id, holder);
}
