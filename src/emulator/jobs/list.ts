import { ApiError } from '../state/api-error.js';
import { isTerminal, type JobRecord } from '../state/job-record.js';

export const filters = ['UNKNOWN', 'ALL', 'TERMINATED', 'ACTIVE'] as const;
export type Filter = (typeof filters)[number];

export interface ListRequest {
  filter: Filter;
  pageSize: number;
  pageToken: string;
  name: string | undefined;
  /** Whether jobs show that have not left the queue. */
  queued: boolean;
}

const largestPage = 1000;

/**
 * One page of jobs. `ALL` has running jobs before terminated ones, the former ordered by creation and
 * the latter by termination, the newest first; without a filter all are ordered by id, descending.
 */
export function pageOf(
  jobs: Iterable<JobRecord>,
  { filter, pageSize, pageToken, name, queued }: ListRequest,
): { jobs: JobRecord[]; nextPageToken?: string } {
  const after = pageToken === '' ? null : readToken(pageToken);
  const found: { key: Key; job: JobRecord }[] = [];
  for (const job of jobs) {
    const ended = isTerminal(job.state);
    if (filter === 'ACTIVE' && ended) continue;
    if (filter === 'TERMINATED' && !ended) continue;
    if (!queued && job.state === 'JOB_STATE_QUEUED') continue;
    if (name !== undefined && job.name !== name) continue;
    const key: Key =
      filter === 'UNKNOWN'
        ? [0, 0, job.id]
        : [ended ? 1 : 0, ended ? job.stateTime : job.createTime, job.id];
    if (after === null || compare(key, after) > 0) found.push({ key, job });
  }
  found.sort((one, other) => compare(one.key, other.key));
  const size = pageSize > 0 ? Math.min(pageSize, largestPage) : largestPage;
  const page = found.slice(0, size);
  const last = page.at(-1);
  return {
    jobs: page.map(({ job }) => job),
    ...(last !== undefined && found.length > size
      ? { nextPageToken: Buffer.from(JSON.stringify(last.key)).toString('base64url') }
      : {}),
  };
}

/** Group, time, id: a place in the list that stays where it is when jobs come and go. */
type Key = [group: number, time: number, id: string];

function compare(one: Key, other: Key): number {
  return (
    one[0] - other[0] || other[1] - one[1] || (one[2] < other[2] ? 1 : one[2] > other[2] ? -1 : 0)
  );
}

function readToken(token: string): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.length === 3) return key as Key;
  } catch {
    // Told below.
  }
  throw new ApiError('INVALID_ARGUMENT', 'The page token is invalid.');
}
