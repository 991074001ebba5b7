import { Context } from '@temporalio/activity';
import { launchRequestOf } from '../../../dataflow/launch-request.js';
import { JobNameTaken, type Dataflow, type LaunchRequest } from '../../../gateways/dataflow.js';
import { faultPoint } from '../../../process/fault-point.js';
import { failure } from '../../../shared/failures.js';
import { isTerminal } from '../../../shared/run/job-end.js';
import type { JobView } from '../../../shared/run/job.js';
import { objectPaths, type ObjectStore } from '../../../store/object-store.js';
import type { LaunchedJob, LaunchJob } from '../../../shared/run/launch-job.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { whileWatched } from '../../../activities/attempt/watch.js';
import { launchFailureOf, lookFailureOf } from './dataflow-failure.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';
import { findLaunched } from './find-launched.js';

/**
 * Launches the job of a run's launch ordinal, once: whatever an earlier attempt may have done is
 * looked for first, and the name, which is unique while a job is active, keeps a second one out.
 */
export function createLaunchJob({
  dataflow,
  objects,
  client,
}: Pick<ActivityDeps, 'dataflow' | 'objects' | 'client'>): JobActivities['launchJob'] {
  return (request) =>
    whileWatched(client, async (assertCounts) => {
      if (request.wasReset && (await isClosed(await objects(), request))) {
        return { jobId: null, state: null, adopted: false, instead: 'upload again' };
      }
      const launched = await launchOnce(await dataflow(), request, assertCounts);
      const isUseless = request.wasReset && (await isOfNoUse(launched, request, objects));
      return isUseless ? { ...launched, instead: 'skip' } : launched;
    });
}

async function launchOnce(
  dataflow: Dataflow,
  request: LaunchJob,
  assertCounts: () => Promise<void>,
): Promise<LaunchedJob> {
  const asked = bodyOf(request);
  if (Context.current().info.attempt > 1 || request.mayExist) {
    const found = await look(dataflow, request);
    if (found !== undefined) return adopted(found);
  }
  await faultPoint('worker:before-launch');
  await dataflow.prepare?.();
  await assertCounts();
  try {
    const job = await dataflow.launch(asked);
    await faultPoint('worker:launched');
    if (job === null) throw new Error('a launch gave no job');
    return { jobId: job.jobId, state: job.state, adopted: false };
  } catch (error) {
    if (!(error instanceof JobNameTaken)) throw launchFailureOf(error, request.target);
    await faultPoint('worker:name-taken');
    const found = await look(dataflow, request);
    return found === undefined ? { jobId: null, state: null, adopted: true } : adopted(found);
  }
}

async function look(dataflow: Dataflow, request: LaunchJob): Promise<JobView | undefined> {
  try {
    return await findLaunched(dataflow, request);
  } catch (error) {
    throw lookFailureOf(error, request.target);
  }
}

/** Whether the earlier execution of a run that was reset had ended: its receipt keeps launchers out. */
async function isClosed(
  objects: ObjectStore,
  { target: { store }, runKey, uploaded: { profilesUri } }: LaunchJob,
): Promise<boolean> {
  if ((await objects.stat(objectPaths.receipt(store, runKey))) !== null) return true;
  return profilesUri !== null && (await objects.stat(profilesUri)) === null;
}

/** Who resets a run whose job failed, was cancelled, or lost what it staged, wants another job. */
async function isOfNoUse(
  { state }: LaunchedJob,
  { target: { store }, runKey, ordinal }: LaunchJob,
  objects: ActivityDeps['objects'],
): Promise<boolean> {
  if (state === null || !isTerminal(state)) return false;
  if (state !== 'JOB_STATE_DONE') return true;
  const manifest = `${objectPaths.attempt(store, runKey, ordinal)}/manifest.json`;
  return (await (await objects()).stat(manifest)) === null;
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
