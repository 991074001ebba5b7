import type { JobsV1Beta3Client, protos } from '@google-cloud/dataflow';
import type { JobReference, JobState, JobView } from '../shared/run/job.js';
import { isJobState } from '../shared/run/job-identity.js';
import { UnknownJobState, type Dataflow } from './dataflow.js';
import { launchBody } from './launch-body.js';
import { dataflowErrorOf, isAnswered, type Operation } from './dataflow-errors.js';
import { importanceNames, messageOf } from './dataflow-messages.js';
import { jobMetricsOf } from './job-metrics.js';

type ClientOptions = NonNullable<ConstructorParameters<typeof JobsV1Beta3Client>[0]>;
type Api = typeof protos.google.dataflow.v1beta3;
type Job = protos.google.dataflow.v1beta3.IJob;

/** Milliseconds that a call may take. A launch checks the spec and starts a machine: it takes seconds. */
const callTimeoutMs = 30_000;
const launchTimeoutMs = 60_000;

export interface DataflowOptions {
  /** `host:port` of an emulator, which is spoken to without encryption and without credentials. */
  emulator?: string | undefined;
}

/**
 * The Dataflow service (or the emulator that DATAFLOW_EMULATOR_HOST names). The client library is
 * loaded by this call. No call is repeated here: whoever calls knows what may be done twice.
 */
export async function createDataflow({
  emulator = process.env['DATAFLOW_EMULATOR_HOST'],
}: DataflowOptions = {}): Promise<Dataflow> {
  const library = await import('@google-cloud/dataflow');
  const options = emulator ? await emulatorOptions(emulator) : {};
  const connect = () => ({
    templates: new library.FlexTemplatesServiceClient(options),
    jobs: new library.JobsV1Beta3Client(options),
    messages: new library.MessagesV1Beta3Client(options),
    metrics: new library.MetricsV1Beta3Client(options),
  });
  type Clients = ReturnType<typeof connect>;
  const disconnect = async (old: Clients): Promise<void> => {
    await Promise.allSettled(Object.values(old).map((client) => client.close()));
  };
  let clients = connect();

  /** A client that found no credentials never looks again: the next call gets another one. */
  async function asked<T>(operation: Operation, call: (used: Clients) => Promise<T>): Promise<T> {
    const used = clients;
    try {
      // Where there are no credentials, a method's own start of the client fails unheard, which
      // would end the process: so each client is started here.
      await Promise.all(Object.values(used).map((client) => client.initialize()));
      return await call(used);
    } catch (error) {
      if (!isAnswered(error) && used === clients) {
        clients = connect();
        void disconnect(used);
      }
      throw dataflowErrorOf(error, operation);
    }
  }

  const api = library.protos.google.dataflow.v1beta3;
  const call = { timeout: callTimeoutMs };

  return {
    async prepare() {
      await asked('launch', async ({ templates }) => {
        const client = await templates.auth.getClient();
        await client.getRequestHeaders();
      });
    },

    async launch(request) {
      const [{ job }] = await asked('launch', (used) =>
        used.templates.launchFlexTemplate(launchBody(api, request), { timeout: launchTimeoutMs }),
      );
      if (request.validateOnly === true) return null;
      return viewOf(api, { name: request.jobName, ...job });
    },

    async get({ project, region, jobId }) {
      // The view of the description is the smallest one that has the labels.
      const view = api.JobView.JOB_VIEW_DESCRIPTION;
      const [job] = await asked('job', (used) =>
        used.jobs.getJob({ projectId: project, location: region, jobId, view }, call),
      );
      return viewOf(api, job);
    },

    async *list({ project, region, filter, createdSince, name, unread }) {
      const isOld = (job: Job): boolean => isBefore(timeOf(job.createTime), createdSince);
      let pageToken = '';
      do {
        const request = {
          projectId: project,
          location: region,
          filter: api.ListJobsRequest.Filter[filter],
          pageToken,
          ...(name !== undefined && { name }),
        };
        const [page, , response] = await asked('list', (used) =>
          used.jobs.listJobs(request, { ...call, autoPaginate: false }),
        );
        const jobs = page ?? [];
        for (const job of jobs) {
          const view = isOld(job) ? null : listedView(api, job, unread);
          if (view !== null) yield view;
        }
        // Jobs that have ended are sorted by their end
        // (https://cloud.google.com/dataflow/docs/reference/rest/v1b3/Filter), so
        // that one old job says nothing of the next. Assumed: where all of a page were made and last
        // changed before that time, the newest being first, all after them were, too.
        const isDone = (job: Job): boolean =>
          isOld(job) &&
          (!job.currentStateTime || isBefore(timeOf(job.currentStateTime), createdSince));
        if (jobs.length > 0 && jobs.every(isDone)) return;
        pageToken = response?.nextPageToken ?? '';
      } while (pageToken !== '');
    },

    async request({ project, region, jobId }, state, { force = false } = {}) {
      // As `gcloud dataflow jobs cancel --force` does it.
      const labels = force ? { force_cancel_job: 'true' } : {};
      const job = { requestedState: api.JobState[state], labels };
      await asked('job', (used) =>
        used.jobs.updateJob({ projectId: project, location: region, jobId, job }, call),
      );
    },

    async messages({ project, region, jobId }, { minimum = 'basic', since } = {}) {
      const request = {
        projectId: project,
        location: region,
        jobId,
        minimumImportance: api.JobMessageImportance[importanceNames[minimum]],
        ...(since !== undefined && { startTime: timestampOf(since) }),
      };
      const [found] = await asked('job', (used) => used.messages.listJobMessages(request, call));
      return found.map((message) => messageOf(api, message, timeOf)).toSorted(byTime);
    },

    async metrics({ project, region, jobId }: JobReference) {
      const [found] = await asked('job', (used) =>
        used.metrics.getJobMetrics({ projectId: project, location: region, jobId }, call),
      );
      return jobMetricsOf(found.metrics ?? []);
    },

    async close() {
      await disconnect(clients);
    },
  };
}

async function emulatorOptions(emulator: string): Promise<ClientOptions> {
  const { credentials } = await import('@grpc/grpc-js');
  const { PassThroughClient } = await import('google-auth-library');
  const [, host, port] = /^(.*):(\d+)$/.exec(emulator) ?? [];
  if (host === undefined) {
    throw new Error(`DATAFLOW_EMULATOR_HOST must be host:port, got ${emulator}`);
  }
  return {
    apiEndpoint: host,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    projectId: 'emulator',
    // Or the library asks a metadata server for credentials that nobody needs.
    authClient: new PassThroughClient() as unknown as NonNullable<ClientOptions['authClient']>,
  };
}

/** A listed job; null for one that `unread` takes, or that is somebody else's, in an unknown state. */
function listedView(api: Api, job: Job, unread?: (job: UnknownJobState) => void): JobView | null {
  try {
    return viewOf(api, job);
  } catch (error) {
    if (!(error instanceof UnknownJobState)) throw error;
    const isOurs = Object.keys(job.labels ?? {}).some((label) => label.startsWith('beamline-'));
    if (unread === undefined && isOurs) throw error;
    unread?.(error);
    return null;
  }
}

function viewOf(api: Api, job: Job): JobView {
  const id = job.id ?? '';
  const state = stateOf(api, job);
  const stateTime = timeOf(job.currentStateTime);
  const createTime = timeOf(job.createTime);
  const isStreaming =
    job.type === 'JOB_TYPE_STREAMING' || job.type === api.JobType.JOB_TYPE_STREAMING;
  return {
    jobId: id,
    jobName: job.name ?? '',
    state,
    type: isStreaming ? 'streaming' : 'batch',
    labels: { ...job.labels },
    ...(stateTime !== undefined && { stateTime }),
    ...(createTime !== undefined && { createTime }),
    ...(job.replacedByJobId && { replacedByJobId: job.replacedByJobId }),
  };
}

/** @throws {@link UnknownJobState} */
function stateOf(api: Api, { currentState: given, id, name, labels }: Job): JobState {
  const state = typeof given === 'number' ? api.JobState[given] : (given ?? 'JOB_STATE_UNKNOWN');
  if (isJobState(state)) return state;
  throw new UnknownJobState(id ?? '', state ?? String(given), name ?? '', { ...labels });
}

type Timestamp = protos.google.protobuf.ITimestamp | null | undefined;

/** ISO 8601, to the millisecond; undefined where the service does not say. */
function timeOf(time: Timestamp): string | undefined {
  const seconds = Number((time?.seconds ?? 0).toString());
  return seconds === 0
    ? undefined
    : new Date(seconds * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
}

function isBefore(time: string | undefined, since: string | undefined): boolean {
  return time !== undefined && since !== undefined && Date.parse(time) < Date.parse(since);
}

function timestampOf(time: string): { seconds: number; nanos: number } {
  const milliseconds = Date.parse(time);
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

function byTime(a: { time: string }, b: { time: string }): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}
