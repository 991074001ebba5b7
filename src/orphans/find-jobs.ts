import { costOf, type Prices } from '../dataflow/prices.js';
import type { Dataflow } from '../gateways/dataflow.js';
import { consoleUrlOf, identityOf } from '../shared/job-identity.js';
import type { JobState, JobView } from '../shared/job.js';
import type { OrphanJob, Runs } from './orphan.js';

/** Whose jobs are looked at. */
export interface JobScope {
  project: string;
  regions: readonly string[];
  deployment: string;
  console: string;
  prices: Partial<Prices>;
}

/** The end of a job's name (`jobNameOf`): run key and launch ordinal. */
const ourName = /-[a-z2-7]{10}-\d+$/;

/**
 * The active jobs of this deployment whose run is gone. A job with labels of anybody else is left out.
 *
 * A list gives summaries, which by the documentation hold no labels (`JOB_VIEW_SUMMARY` in
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs/list): jobs that are named
 * as ours are read one by one.
 *
 * A run waits for the end of its job, so that a job whose run closes meanwhile has ended, too: it is
 * read once more before it is called an orphan. QUEUED jobs that the service does not list are missed.
 */
export async function findOrphanJobs(
  dataflow: Dataflow,
  runs: Pick<Runs, 'fateOfRun'>,
  scope: JobScope,
  now = Date.now(),
): Promise<OrphanJob[]> {
  const { project } = scope;
  const orphans: OrphanJob[] = [];
  for (const region of scope.regions) {
    for await (const listed of dataflow.list({ project, region, filter: 'ACTIVE' })) {
      if (!ourName.test(listed.jobName)) continue;
      const { jobId } = listed;
      const reference = { project, region, jobId };
      const { labels } = (await dataflow.get(reference).catch(ignoreGone)) ?? listed;
      const identity = identityOf(labels);
      if (identity === null || identity.deployment !== scope.deployment) continue;
      const run = await runs.fateOfRun(identity);
      if (run === 'open') continue;
      const job = await dataflow.get(reference).catch(ignoreGone);
      if (job === null || hasEnded(job.state)) continue;
      const metrics = await dataflow.metrics(reference).catch(() => null);
      orphans.push({
        job_id: jobId,
        job_name: job.jobName,
        region,
        state: job.state,
        type: job.type,
        run_key: identity.runKey,
        workflow_id: identity.workflowId,
        run,
        launch: identity.ordinal,
        url: consoleUrlOf({ console: scope.console, project, region }, jobId),
        age_ms: ageOf(job, now),
        cost: costOf(metrics, region, scope.prices),
      });
    }
  }
  return orphans;
}

/** What was done to an orphan, or why nothing was. */
export interface Ended {
  job_id: string;
  asked: 'cancel' | 'drain' | null;
  reason?: string;
}

/**
 * Asks orphans to end, and waits for nothing; asking twice is asking once. Only a streaming job can
 * be drained: a batch job is left as it is, and so is one whose run is unknown, unless `evenUnknown`.
 */
export async function endJobs(
  dataflow: Dataflow,
  project: string,
  jobs: readonly OrphanJob[],
  how: 'cancel' | 'drain',
  { evenUnknown = false }: { evenUnknown?: boolean } = {},
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const { job_id, region, type, state, run } of jobs) {
    if (run === 'unknown' && !evenUnknown) {
      ended.push({ job_id, asked: null, reason: 'this Temporal does not know its run' });
    } else if (how === 'drain' && type === 'batch') {
      ended.push({ job_id, asked: null, reason: 'a batch job cannot be drained: cancel it' });
    } else if (
      state === 'JOB_STATE_CANCELLING' ||
      (state === 'JOB_STATE_DRAINING' && how === 'drain')
    ) {
      ended.push({ job_id, asked: null, reason: 'it was asked before, and is ending' });
    } else {
      const wanted = how === 'cancel' ? 'JOB_STATE_CANCELLED' : 'JOB_STATE_DRAINED';
      await dataflow.request({ project, region, jobId: job_id }, wanted);
      ended.push({ job_id, asked: how });
    }
  }
  return ended;
}

function hasEnded(state: JobState): boolean {
  switch (state) {
    case 'JOB_STATE_DONE':
    case 'JOB_STATE_FAILED':
    case 'JOB_STATE_CANCELLED':
    case 'JOB_STATE_UPDATED':
    case 'JOB_STATE_DRAINED':
      return true;
    case 'JOB_STATE_UNKNOWN':
    case 'JOB_STATE_STOPPED':
    case 'JOB_STATE_RUNNING':
    case 'JOB_STATE_DRAINING':
    case 'JOB_STATE_PENDING':
    case 'JOB_STATE_CANCELLING':
    case 'JOB_STATE_QUEUED':
    case 'JOB_STATE_RESOURCE_CLEANING_UP':
    case 'JOB_STATE_PAUSING':
    case 'JOB_STATE_PAUSED':
      return false;
  }
}

function ageOf({ createTime }: JobView, now: number): number | null {
  const created = Date.parse(createTime ?? '');
  return Number.isNaN(created) ? null : Math.max(0, now - created);
}

function ignoreGone(error: unknown): null {
  if (error instanceof Error && error.name === 'JobNotFound') return null;
  throw error;
}
