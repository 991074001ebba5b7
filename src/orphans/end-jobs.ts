import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  UnknownJobState,
  type JobService,
} from '../gateways/dataflow.js';
import { hasEnded } from './has-ended.js';
import type { OrphanJob, UnreadJob } from './orphan.js';

/** What was done to an orphan, or why nothing was. */
export interface Ended {
  job_id: string;
  asked: 'cancel' | 'drain' | null;
  reason?: string;
  /** True if it should have been ended and could not be: `reason` says why. */
  failed?: true;
}

/**
 * Asks orphans to end, and waits for nothing; asking twice is asking once. Only a streaming job can
 * be drained: a batch job is left as it is, and so is one whose run is unknown, unless `evenUnknown`.
 *
 * A job that cannot be ended keeps no other from being ended: its record says why.
 */
export async function endJobs(
  service: JobService,
  project: string,
  { jobs, unread }: { jobs: readonly OrphanJob[]; unread: readonly UnreadJob[] },
  how: 'cancel' | 'drain',
  { evenUnknown = false }: { evenUnknown?: boolean } = {},
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const job of jobs) {
    const reason = whyLeft(job, how, evenUnknown);
    ended.push(
      reason === undefined
        ? await endJob(service, project, job, how)
        : { job_id: job.job_id, asked: null, reason },
    );
  }
  return [
    ...ended,
    ...unread.map(({ job_id, reason }) => ({ job_id, asked: null, reason, failed: true as const })),
  ];
}

/** Why a job is left as it is; undefined if it is to be ended. */
function whyLeft(
  { type, state, run }: OrphanJob,
  how: 'cancel' | 'drain',
  evenUnknown: boolean,
): string | undefined {
  if (run === 'unknown' && !evenUnknown) return 'this Temporal does not know its run';
  if (how === 'drain' && type === 'batch') return 'a batch job cannot be drained: cancel it';
  const isEnding =
    state === 'JOB_STATE_CANCELLING' || (state === 'JOB_STATE_DRAINING' && how === 'drain');
  return isEnding ? 'it was asked before, and is ending' : undefined;
}

async function endJob(
  service: JobService,
  project: string,
  { job_id, region }: OrphanJob,
  how: 'cancel' | 'drain',
): Promise<Ended> {
  const reference = { project, region, jobId: job_id };
  try {
    const wanted = how === 'cancel' ? 'JOB_STATE_CANCELLED' : 'JOB_STATE_DRAINED';
    await service.request(reference, wanted);
    return { job_id, asked: how };
  } catch (error) {
    if (!isOfService(error)) throw error;
    // A job that ended a moment ago takes no request any more: that is what was wanted.
    if (await isGone(service, reference)) {
      return { job_id, asked: null, reason: 'it has ended meanwhile' };
    }
    return { job_id, asked: null, reason: error.message, failed: true };
  }
}

async function isGone(
  service: JobService,
  reference: Parameters<JobService['get']>[0],
): Promise<boolean> {
  try {
    return hasEnded((await service.get(reference)).state);
  } catch (error) {
    if (error instanceof JobNotFound) return true;
    if (isOfService(error)) return false;
    throw error;
  }
}

function isOfService(error: unknown): error is Error {
  return (
    error instanceof DataflowRefused ||
    error instanceof DataflowUnavailable ||
    error instanceof JobNotFound ||
    error instanceof UnknownJobState
  );
}
