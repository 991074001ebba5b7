import type { Dataflow } from '../../../gateways/dataflow.js';
import { JobNotFound } from '../../../gateways/dataflow.js';
import { failure } from '../../../shared/failures.js';
import type { JobView } from '../../../shared/run/job.js';
import { identityOf, isJobOf } from '../../../shared/run/job-identity.js';
import type { LaunchJob } from '../../../shared/run/launch-job.js';

/** Clocks of Temporal and Dataflow differ: a job may seem older than its run by this much. */
const clockSkewMs = 600_000;

/**
 * The job of a launch, as far as the service lists it; undefined if it does not (a job that is still
 * QUEUED may be missing from the list).
 * @throws a `LaunchConflict` failure if somebody else's job has the name and is active
 */
export async function findLaunched(
  dataflow: Dataflow,
  { target, runKey, jobName, startedAt }: LaunchJob,
): Promise<JobView | undefined> {
  const { project, region, deployment } = target;
  // In this order: a job that ends meanwhile is in the second list.
  for (const filter of ['ACTIVE', 'TERMINATED'] as const) {
    const createdSince = new Date(Date.parse(startedAt) - clockSkewMs).toISOString();
    const since = filter === 'ACTIVE' ? {} : { createdSince };
    for await (const listed of dataflow.list({
      project,
      region,
      filter,
      name: jobName,
      ...since,
    })) {
      if (listed.jobName !== jobName) continue;
      const job = await withLabels(dataflow, listed, { project, region });
      if (job === null) continue;
      if (isJobOf(job.labels, { runKey, deployment })) return job;
      if (filter === 'ACTIVE') throw conflict(job, { runKey, deployment });
    }
  }
  return undefined;
}

/** A summary of the list need not have the labels: they are not among what it promises. */
async function withLabels(
  dataflow: Dataflow,
  listed: JobView,
  where: { project: string; region: string },
): Promise<JobView | null> {
  if (identityOf(listed.labels) !== null) return listed;
  try {
    return await dataflow.get({ ...where, jobId: listed.jobId });
  } catch (error) {
    if (error instanceof JobNotFound) return null;
    throw error;
  }
}

function conflict(
  { jobName, jobId, labels }: JobView,
  ours: { runKey: string; deployment: string },
): Error {
  const shown = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return failure(
    'LaunchConflict',
    `a job named ${jobName} is active and is not this run's: job ${jobId} with ` +
      `${shown.length === 0 ? 'no labels' : `the labels ${shown.join(', ')}`}; this run is ` +
      `${ours.runKey} of deployment ${ours.deployment}. Nothing was launched`,
  );
}
