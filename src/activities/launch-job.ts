import { Context } from '@temporalio/activity';
import { launchRequestOf } from '../dataflow/launch-request.js';
import { JobNameTaken, type Dataflow, type LaunchRequest } from '../gateways/dataflow.js';
import { faultPoint } from '../process/fault-point.js';
import { failure } from '../shared/failures.js';
import type { JobView } from '../shared/job.js';
import type { JobActivities, LaunchedJob, LaunchJob } from '../workflows/activities.js';
import { whileWatched } from './attempt-watch.js';
import { launchFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from './deps.js';
import { findLaunched } from './launched-job.js';

/**
 * Launches the job of a run's launch ordinal, once: whatever an earlier attempt may have done is
 * looked for first, and the name, which is unique while a job is active, keeps a second one out.
 */
export function createLaunchJob({
  dataflow,
  client,
}: Pick<ActivityDeps, 'dataflow' | 'client'>): JobActivities['launchJob'] {
  return (request) =>
    whileWatched(client, async (assertCounts) => {
      try {
        return await launchOnce(await dataflow(), request, assertCounts);
      } catch (error) {
        throw launchFailureOf(error, request.target);
      }
    });
}

async function launchOnce(
  dataflow: Dataflow,
  request: LaunchJob,
  assertCounts: () => Promise<void>,
): Promise<LaunchedJob> {
  const asked = bodyOf(request);
  if (Context.current().info.attempt > 1 || request.mayExist) {
    const found = await findLaunched(dataflow, request);
    if (found !== undefined) return adopted(found);
  }
  await faultPoint('worker:before-launch');
  await assertCounts();
  try {
    const job = await dataflow.launch(asked);
    await faultPoint('worker:launched');
    if (job === null) throw new Error('a launch gave no job');
    return { jobId: job.jobId, state: job.state, adopted: false };
  } catch (error) {
    if (!(error instanceof JobNameTaken)) throw error;
    await faultPoint('worker:name-taken');
    const found = await findLaunched(dataflow, request);
    return found === undefined ? { jobId: null, state: null, adopted: true } : adopted(found);
  }
}

function bodyOf(request: LaunchJob): LaunchRequest {
  const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
  try {
    return launchRequestOf(request, workflowId);
  } catch (error) {
    if (error instanceof RangeError) throw failure('ConfigError', error.message);
    throw error;
  }
}

function adopted({ jobId, state }: JobView): LaunchedJob {
  return { jobId, state, adopted: true };
}
