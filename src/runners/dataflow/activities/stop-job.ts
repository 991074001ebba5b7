import { DataflowRefused, type Dataflow } from '../../../gateways/dataflow.js';
import { faultPoint } from '../../../process/fault-point.js';
import { isTerminal } from '../../../shared/run/job-end.js';
import { jobStates, type JobReference, type JobState } from '../../../shared/run/job.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { jobFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';

type How = Parameters<JobActivities['stopJob']>[1];

/** Asks a job to end. One that has ended, or is ending in that way already, is no error. */
export function createStopJob({
  dataflow,
}: Pick<ActivityDeps, 'dataflow'>): JobActivities['stopJob'] {
  return async (job, how) => {
    try {
      await faultPoint('worker:before-stop');
      await stop(await dataflow(), job, how);
      await faultPoint('worker:stop-asked');
    } catch (error) {
      throw jobFailureOf(error, job);
    }
  };
}

async function stop(dataflow: Dataflow, job: JobReference, how: How): Promise<void> {
  try {
    switch (how) {
      case 'cancel':
        return await dataflow.request(job, 'JOB_STATE_CANCELLED');
      case 'force':
        return await dataflow.request(job, 'JOB_STATE_CANCELLED', { force: true });
      case 'drain':
        return await dataflow.request(job, 'JOB_STATE_DRAINED');
    }
  } catch (error) {
    if (!(error instanceof DataflowRefused)) throw error;
    const { state } = await dataflow.get(job);
    if (!doneBy[how].includes(state)) throw error;
  }
}

const ended = jobStates.filter((state) => isTerminal(state));

/** States in which there is nothing left to ask for. */
const doneBy: Record<How, readonly JobState[]> = {
  cancel: [...ended, 'JOB_STATE_CANCELLING'],
  force: ended,
  drain: [...ended, 'JOB_STATE_DRAINING', 'JOB_STATE_CANCELLING'],
};
