import type { OrphanStaging } from '../orphans/orphan.js';
import { createReaper } from '../orphans/reaper.js';
import type { ReapActivities } from '../shared/run/reap.js';
import type { ActivityDeps } from './attempt/deps.js';

/** Finds what runs that are gone left behind, in this worker's local store too. */
export function createReap({
  root,
  store,
  client,
  namespace,
}: Pick<ActivityDeps, 'root' | 'store' | 'client' | 'namespace'>): ReapActivities['reap'] {
  return async ({ jobs, clean = false, regions = [] }) => {
    const reaper = createReaper({ root, localStore: store.root, client, namespace, regions });
    try {
      const orphans = await reaper.find();
      const ended = jobs === undefined ? [] : await reaper.endJobs(orphans, jobs);
      const failed = jobs === undefined ? orphans.unread : ended.filter((job) => job.failed);
      const cleaned = clean ? await reaper.clean(orphans) : { staging: [], locks: [] };
      return {
        jobs: orphans.jobs.map(({ job_id }) => job_id),
        asked: ended.filter(({ asked }) => asked !== null).map(({ job_id }) => job_id),
        failed: failed.map(({ job_id, reason = '' }) => ({ job: job_id, reason })),
        staging: runKeysOf(orphans.staging),
        removed: runKeysOf(cleaned.staging),
        stalled: orphans.stalled.map(({ run_key }) => run_key),
        locks: orphans.locks.map(({ lock_id }) => lock_id),
        released: cleaned.locks.map(({ lock_id }) => lock_id),
      };
    } finally {
      await reaper.close();
    }
  };
}

function runKeysOf(staging: readonly OrphanStaging[]): string[] {
  return [...new Set(staging.map(({ run_key }) => run_key))];
}
