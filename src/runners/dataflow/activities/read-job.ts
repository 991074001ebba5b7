import { faultPoint } from '../../../process/fault-point.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { jobFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';

/** Reads a job once. */
export function createReadJob({
  dataflow,
}: Pick<ActivityDeps, 'dataflow'>): JobActivities['readJob'] {
  return async (job) => {
    try {
      await faultPoint('worker:before-read');
      const view = await (await dataflow()).get(job);
      await faultPoint('worker:job-read');
      return view;
    } catch (error) {
      throw jobFailureOf(error, job);
    }
  };
}
