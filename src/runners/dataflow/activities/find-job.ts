import { faultPoint } from '../../../process/fault-point.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { lookFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';
import { findLaunched } from './find-launched.js';

/** Looks for the job of a launch whose id is not known. */
export function createFindJob({
  dataflow,
}: Pick<ActivityDeps, 'dataflow'>): JobActivities['findJob'] {
  return async (request) => {
    try {
      await faultPoint('worker:before-find');
      return (await findLaunched(await dataflow(), request)) ?? null;
    } catch (error) {
      throw lookFailureOf(error, request.target);
    }
  };
}
