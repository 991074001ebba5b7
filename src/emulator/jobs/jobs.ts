import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { faultPoint } from '../../process/fault-point.js';
import { ApiError } from '../state/api-error.js';
import type { Faults } from '../state/faults.js';
import type { State } from '../state/state.js';
import { jobJson, jobSummary, timestamp } from '../state/job-json.js';
import type { JobRecord } from '../state/job-record.js';
import { assertNameFree, launchedJob, launchRequest } from './launch.js';
import type { Lifecycle } from './lifecycle.js';
import { filters, pageOf } from './list.js';
import { importances } from '../state/messages.js';
import { metricsOf } from './metrics.js';
import { readOutput } from './output.js';
import { updateJob, updateRequest } from './update.js';

export type Json = Record<string, unknown>;

const views = [
  'JOB_VIEW_UNKNOWN',
  'JOB_VIEW_SUMMARY',
  'JOB_VIEW_ALL',
  'JOB_VIEW_DESCRIPTION',
] as const;
/** The region of the methods without one (`projects.jobs.get`). */
const defaultRegion = 'us-central1';
const ofJob = {
  projectId: z.string(),
  jobId: z.string(),
  location: z.string().default(defaultRegion),
};
const page = { pageSize: z.coerce.number().default(0), pageToken: z.string().default('') };
const getRequest = z.looseObject({ ...ofJob, view: z.enum(views).default('JOB_VIEW_UNKNOWN') });
const listRequest = z.looseObject({
  ...page,
  projectId: z.string(),
  location: z.string().default(defaultRegion),
  filter: z.enum(filters).default('UNKNOWN'),
  name: z.string().optional(),
});
const messagesRequest = z.looseObject({
  ...ofJob,
  ...page,
  minimumImportance: z
    .enum(['JOB_MESSAGE_IMPORTANCE_UNKNOWN', ...importances])
    .default('JOB_MESSAGE_IMPORTANCE_UNKNOWN'),
  startTime: z.iso.datetime().optional(),
  endTime: z.iso.datetime().optional(),
});
const metricsRequest = z.looseObject({ ...ofJob, startTime: z.string().optional() });

const mostMessages = 1000;

export interface JobsOptions {
  state: State;
  lifecycle: Lifecycle;
  faults: Faults;
  listQueued: boolean;
  listLabels: boolean;
}

/** The methods of the API that the emulator has: from request to response, each in its JSON form. */
export function createJobs({ state, lifecycle, faults, listQueued, listLabels }: JobsOptions) {
  const find = ({
    projectId,
    location,
    jobId,
  }: {
    projectId: string;
    location: string;
    jobId: string;
  }): JobRecord => {
    const job = state.jobs.get(jobId);
    if (job?.project === projectId && job.region === location) return job;
    throw new ApiError(
      'NOT_FOUND',
      `(${randomBytes(8).toString('hex')}): Information about job ${jobId} could not be found in our system. Please double check the id is correct. If it is please contact customer support.`,
    );
  };
  const list = (request: Json, everywhere: boolean): Json => {
    const { projectId, location, name, ...rest } = parse(listRequest, request);
    const jobs = [...state.jobs.values()].filter(
      (job) => job.project === projectId && (everywhere || job.region === location),
    );
    const found = pageOf(jobs, {
      ...rest,
      name: name === '' ? undefined : name,
      queued: listQueued,
    });
    const shown = found.jobs.map((job) =>
      listLabels ? { ...jobSummary(job), labels: job.labels } : jobSummary(job),
    );
    return { ...found, jobs: shown };
  };

  return {
    async LaunchFlexTemplate(request: Json): Promise<Json> {
      const { storage } = lifecycle;
      const job = await launchedJob(parse(launchRequest, request), { state, storage, faults });
      if (job === null) return {};
      await faultPoint('emulator:before-launch');
      if (job.replaceJobId === undefined) {
        assertNameFree(state, job.project, job.region, job.name);
      }
      lifecycle.begin(job);
      if (job.replaceJobId !== undefined) {
        lifecycle.enter(job.replaceJobId, 'JOB_STATE_UPDATED', { replacedByJobId: job.id });
      }
      await faultPoint('emulator:launched');
      return { job: jobSummary(job) };
    },
    async GetJob(request: Json): Promise<Json> {
      const { view, ...where } = parse(getRequest, request);
      const job = find(where);
      return view === 'JOB_VIEW_SUMMARY' ? jobSummary(job) : jobJson(job);
    },
    ListJobs: async (request: Json): Promise<Json> => list(request, false),
    AggregatedListJobs: async (request: Json): Promise<Json> => list(request, true),
    async UpdateJob(request: Json): Promise<Json> {
      const update = parse(updateRequest, request);
      const { id } = find(update);
      await updateJob(update, find(update), lifecycle);
      await faultPoint('emulator:updated');
      return jobSummary(state.jobs.get(id) as JobRecord);
    },
    async ListJobMessages(request: Json): Promise<Json> {
      const { minimumImportance, startTime, endTime, pageSize, pageToken, ...where } = parse(
        messagesRequest,
        request,
      );
      const job = find(where);
      const least =
        minimumImportance === 'JOB_MESSAGE_IMPORTANCE_UNKNOWN'
          ? 0
          : importances.indexOf(minimumImportance);
      const from = startTime === undefined ? -Infinity : Date.parse(startTime);
      const to = endTime === undefined ? Infinity : Date.parse(endTime);
      const found = (state.messages.get(job.id) ?? []).filter(
        ({ importance, time }) =>
          importances.indexOf(importance) >= least && time >= from && time < to,
      );
      const begin = Number(pageToken || 0);
      const end = begin + (pageSize > 0 ? Math.min(pageSize, mostMessages) : mostMessages);
      return {
        jobMessages: found.slice(begin, end).map(({ id, time, text, importance }) => ({
          id,
          time: timestamp(time),
          messageText: text,
          messageImportance: importance,
        })),
        ...(found.length > end ? { nextPageToken: String(end) } : {}),
      };
    },
    async GetJobMetrics(request: Json): Promise<Json> {
      const job = find(parse(metricsRequest, request));
      const now = Date.now();
      const steps = job.steps ?? readOutput(lifecycle.folderOf(job.id)).steps;
      return { metricTime: timestamp(now), metrics: metricsOf(job, steps, now) };
    },
  };
}
export type Jobs = ReturnType<typeof createJobs>;
export type Method = keyof Jobs;

/** @throws {@link ApiError} INVALID_ARGUMENT that names the field */
function parse<T>(schema: z.ZodType<T>, request: Json): T {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiError(
    'INVALID_ARGUMENT',
    `Invalid value at ${issue?.path.join('.') || 'request'}: ${issue?.message}`,
  );
}
