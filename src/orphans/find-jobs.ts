import {
  DataflowRefused,
  JobNotFound,
  UnknownJobState,
  type JobService,
} from '../gateways/dataflow.js';
import { consoleUrlOf, identityOf } from '../shared/run/job-identity.js';
import type { CostEstimate, JobMetrics, JobReference, JobView } from '../shared/run/job.js';
import { hasEnded } from './has-ended.js';
import type { OrphanJob, Runs, UnreadJob } from './orphan.js';

/** Whose jobs are looked at. */
export interface JobScope {
  project: string;
  regions: readonly string[];
  deployment: string;
  console: string;
  costOf: (metrics: JobMetrics | null, region: string) => CostEstimate | null;
}

/** The end of a job's name (`jobNameOf`): run key and launch ordinal. */
const ourName = /-([a-z2-7]{10})-\d+$/;

/**
 * The active jobs of this deployment whose run is gone. A job with labels of anybody else is left out.
 *
 * A list gives summaries, which by the documentation hold no labels (`JOB_VIEW_SUMMARY` in
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs/list): jobs that are named
 * as ours are read one by one.
 *
 * A run waits for the end of its job, so that a job whose run closes meanwhile has ended, too: it is
 * read once more before it is called an orphan. QUEUED jobs that the service does not list are missed.
 *
 * A job that cannot be read hides no other: it is given back as unread.
 */
export async function findOrphanJobs(
  service: JobService,
  runs: Pick<Runs, 'fateOfRun'>,
  scope: JobScope,
  now = Date.now(),
): Promise<{ jobs: OrphanJob[]; unread: UnreadJob[] }> {
  const { project } = scope;
  const jobs: OrphanJob[] = [];
  const unread: UnreadJob[] = [];
  for (const region of scope.regions) {
    const look = async ({ jobId, jobName }: JobName): Promise<void> => {
      if (!ourName.test(jobName)) return;
      try {
        const orphan = await orphanOf(service, runs, { ...scope, region }, jobId, now);
        if (orphan !== null) jobs.push(orphan);
      } catch (error) {
        // What is no matter of this job (nobody answers) ends the search.
        if (!(error instanceof UnknownJobState || error instanceof DataflowRefused)) throw error;
        unread.push({ job_id: jobId, job_name: jobName, region, reason: error.message });
      }
    };
    const unknown: JobName[] = [];
    const where = { project, region, filter: 'ACTIVE' } as const;
    const listed = service.list({ ...where, unread: (job) => unknown.push(job) });
    for await (const job of listed) await look(job);
    for (const job of unknown) await look(job);
  }
  return { jobs, unread };
}

type JobName = Pick<JobView, 'jobId' | 'jobName'>;

/**
 * A listed job as an orphan; null if it is none, or not ours.
 * @throws `UnknownJobState` only for a job of ours whose run is gone
 */
async function orphanOf(
  service: JobService,
  runs: Pick<Runs, 'fateOfRun'>,
  { project, region, deployment, console, costOf }: Omit<JobScope, 'regions'> & { region: string },
  jobId: string,
  now: number,
): Promise<OrphanJob | null> {
  const reference = { project, region, jobId };
  const identity = identityOf(await labelsOfJob(service, reference));
  if (identity === null || identity.deployment !== deployment) return null;
  const run = await runs.fateOfRun(identity);
  if (run === 'open') return null;
  const job = await service.get(reference).catch(ignoreGone);
  if (job === null || hasEnded(job.state)) return null;
  const metrics = await service.metrics(reference).catch(() => null);
  return {
    job_id: jobId,
    job_name: job.jobName,
    region,
    state: job.state,
    type: job.type,
    run_key: identity.runKey,
    workflow_id: identity.workflowId,
    run,
    launch: identity.ordinal,
    url: consoleUrlOf({ console, project, region }, jobId),
    age_ms: ageOf(job, now),
    cost: costOf(metrics, region),
  };
}

/** Run key of a job, by its name. */
export function runKeyOfName(jobName: string): string | undefined {
  return ourName.exec(jobName)?.[1];
}

/** None if it is gone. */
async function labelsOfJob(
  service: JobService,
  reference: JobReference,
): Promise<Readonly<Record<string, string>>> {
  try {
    return (await service.get(reference).catch(ignoreGone))?.labels ?? {};
  } catch (error) {
    if (error instanceof UnknownJobState) return error.labels;
    throw error;
  }
}

function ageOf({ createTime }: JobView, now: number): number | null {
  const created = Date.parse(createTime ?? '');
  return Number.isNaN(created) ? null : Math.max(0, now - created);
}

function ignoreGone(error: unknown): null {
  if (error instanceof JobNotFound) return null;
  throw error;
}
