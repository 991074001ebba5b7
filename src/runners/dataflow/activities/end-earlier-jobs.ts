import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Dataflow } from '../../../gateways/dataflow.js';
import { endJobs } from '../../../orphans/end-jobs.js';
import { findOrphanJobs } from '../../../orphans/find-jobs.js';
import type { Runs } from '../../../orphans/orphan.js';
import type { DataflowTarget } from '../../../shared/run/job.js';
import { wasReset } from '../../../activities/attempt/was-reset.js';

/**
 * Asks the jobs to cancel that were launched before a run was reset and that it has not taken over,
 * because it ended first. Their end is not awaited, and no failure of this fails the run: they are
 * orphans then, as those of a terminated run are.
 */
export async function endEarlierJobs(
  client: Client,
  dataflow: () => Promise<Dataflow>,
  target: DataflowTarget,
  runKey: string,
): Promise<void> {
  try {
    if (!(await wasReset(client))) return;
    const { project, region, deployment, console } = target;
    const fateOfRun: Runs['fateOfRun'] = async (run) => (run.runKey === runKey ? 'closed' : 'open');
    const scope = { project, regions: [region], deployment, console, costOf: () => null };
    const service = await dataflow();
    const { jobs } = await findOrphanJobs(service, { fateOfRun }, scope);
    const ended = await endJobs(service, project, { jobs, unread: [] }, 'cancel');
    if (ended.length > 0) log.warn('jobs from before the reset were cancelled', { jobs: ended });
  } catch (error) {
    log.warn('jobs from before the reset could not be looked for', { error });
  }
}
