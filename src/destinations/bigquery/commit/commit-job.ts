import { createHash } from 'node:crypto';
import type {
  BigQueryService,
  FinishedJob,
  JobReference,
  QueryParameter,
} from '../../../gateways/bigquery-service.js';
import { faultPoint } from '../../../process/fault-point.js';
import { failure } from '../../../shared/failures.js';
import type { CommitIdentity } from '../../destination.js';
import { plainName, type TableName } from '../table/table-name.js';

/** How often a job of ours that failed for a passing reason is made anew by one process. */
const ownTries = 3;

export interface CommitAttempt {
  /** What tells this commit from every other: in the job's labels. */
  labels: Record<string, string>;
  sql: string;
  parameters(jobId: string): QueryParameter[];
}

/** Who has the version: a job of ours, made now or before, or somebody else's. */
export type CommitOutcome = { by: 'us'; adopted: boolean; job: JobReference } | { by: 'another' };

/**
 * Takes `baseVersion + 1` of a table by inserting a job whose id follows from the version: the
 * service accepts an id once. Ids are counted up past jobs that failed, so that of all jobs for one
 * version at most one has not failed, and so at most one commits.
 *
 * Job ids: https://cloud.google.com/bigquery/docs/running-jobs#generate-jobid
 * @param space what the id follows from beside the version: the table, and the log it is kept in
 * @throws the `BigQueryError` of a job that failed for a reason that stays
 */
export async function takeVersion(
  service: BigQueryService,
  space: { table: TableName; logCreatedAt: string; location: string },
  version: number,
  attempt: CommitAttempt,
): Promise<CommitOutcome> {
  let own = 0;
  for (let number = 0; ; number++) {
    const jobId = commitJobId(space, version, number);
    const job: JobReference = { jobId, location: space.location };
    const { labels, sql } = attempt;
    const work = { kind: 'query', sql, parameters: attempt.parameters(jobId) } as const;
    const isNew = await service.insertJob(job, { labels, work });
    await faultPoint('publisher:bigquery:job-inserted');
    const finished = await finishedJob(service, job);
    const isOurs = Object.entries(labels).every(([key, value]) => finished.labels[key] === value);
    if (finished.error === null) {
      return isOurs ? { by: 'us', adopted: !isNew, job } : { by: 'another' };
    }
    if (isNew && (!finished.error.isPassing || ++own === ownTries)) throw finished.error;
  }
}

async function finishedJob(service: BigQueryService, job: JobReference): Promise<FinishedJob> {
  const finished = await service.finishedJob(job);
  if (finished !== null) return finished;
  throw failure('InternalError', `job ${job.jobId} is not there in ${job.location}`);
}

function commitJobId(
  { table, logCreatedAt }: { table: TableName; logCreatedAt: string },
  version: number,
  number: number,
): string {
  return `beamline_${hashOf(plainName(table), logCreatedAt, version, number)}`;
}

/** Labels of a job: https://cloud.google.com/bigquery/docs/labels-intro#requirements */
export function labelsOf(
  kind: 'commit' | 'fence' | 'stage',
  { runKey, sink, baseVersion }: Omit<CommitIdentity, 'destination'>,
  manifestSha256 = '',
): Record<string, string> {
  return {
    'beamline-kind': kind,
    'beamline-run': labelValue(runKey),
    'beamline-sink': hashOf(sink).slice(0, 16),
    'beamline-version': String(baseVersion + 1),
    'beamline-manifest': hashOf(manifestSha256).slice(0, 40),
  };
}

export function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .slice(0, 63);
}

export function hashOf(...parts: (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
