import type { Plan } from '../config/plan.js';
import { failure } from '../shared/failures.js';
import type { LocalStore } from '../store/local-store.js';
import { readPinnedPlan } from '../store/pinned-plans.js';
import type { RunReference } from '../workflows/activities.js';

/** Reads the pinned plan of a run, having checked that it is in this worker's store, and whole. */
export async function readPlan(store: LocalStore, run: RunReference): Promise<Plan> {
  if (run.storeId !== store.id) {
    throw failure(
      'InternalError',
      `this run's files are in the store ${run.storeId}, this worker has the store ${store.id}`,
    );
  }
  return JSON.parse(await readPinnedPlan(store, run.planSha256)) as Plan;
}
