import type { JobActivities } from '../workflows/activities.js';
import { jobFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from './deps.js';

/** Reads a job once. */
export function createReadJob({
  dataflow,
}: Pick<ActivityDeps, 'dataflow'>): JobActivities['readJob'] {
  return async (job) => {
    try {
      return await (await dataflow()).get(job);
    } catch (error) {
      throw jobFailureOf(error, job);
    }
  };
}
