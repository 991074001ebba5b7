import { access, constants } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { bigQueryErrorOf } from './bigquery-errors.js';
import {
  BigQueryError,
  type BigQueryService,
  type FinishedJob,
  type JobReference,
  type LoadConfiguration,
  type Row,
} from './bigquery-service.js';
import {
  jobBody,
  loadBody,
  queryParameters,
  tableBody,
  tableOf,
  textOf,
  type Json,
} from './bigquery-resources.js';

/** How long one answer to a question for results may take, in milliseconds. */
const longPollMs = 10_000;
const pauses = { firstMs: 200, mostMs: 5_000 };

/**
 * BigQuery, or the emulator that `BIGQUERY_EMULATOR_HOST` names (`http://host:port`), which needs
 * no credentials.
 * @param project where jobs run, and whose datasets are meant
 */
export function createBigQuery(
  project: string,
  { endpoint = process.env['BIGQUERY_EMULATOR_HOST'] }: { endpoint?: string | undefined } = {},
): BigQueryService {
  const client = createClient(project, endpoint);
  const request = (method: string, uri: string, { body, query }: Request = {}): Promise<Json> =>
    asOurs(
      new Promise((resolve, reject) => {
        const options = {
          method,
          uri,
          ...(body ? { json: body } : {}),
          ...(query ? { qs: query } : {}),
        };
        client.request(options, (error: Error | null, answer: unknown) =>
          error ? reject(error) : resolve((answer ?? {}) as Json),
        );
      }),
    );

  const service: BigQueryService = {
    async dataset(id) {
      const found = await orNull(request('GET', `/datasets/${id}`));
      return found && { location: textOf(found['location']) || 'US' };
    },
    async table({ dataset, table }) {
      const found = await orNull(request('GET', `/datasets/${dataset}/tables/${encode(table)}`));
      return found && tableOf(found);
    },
    createTable: ({ dataset, table }, resource) =>
      isNew(
        request('POST', `/datasets/${dataset}/tables`, {
          body: tableBody({ projectId: project, datasetId: dataset, tableId: table }, resource),
        }),
      ),
    async deleteTable({ dataset, table }) {
      await orNull(request('DELETE', `/datasets/${dataset}/tables/${encode(table)}`));
    },
    async *tableIds(dataset) {
      let pageToken: string | undefined;
      do {
        const query = { maxResults: 1000, ...(pageToken === undefined ? {} : { pageToken }) };
        const page = await request('GET', `/datasets/${dataset}/tables`, { query });
        for (const table of (page['tables'] ?? []) as { tableReference: { tableId: string } }[]) {
          yield table.tableReference.tableId;
        }
        pageToken = page['nextPageToken'] as string | undefined;
      } while (pageToken !== undefined && pageToken !== '');
    },
    insertJob: (job, configuration) =>
      isNew(request('POST', '/jobs', { body: jobBody(project, job, configuration) })),
    loadFile: (job, file, load) => isNew(asOurs(upload(client, project, job.jobId, file, load))),
    async finishedJob(job) {
      for (let pauseMs = pauses.firstMs; ; pauseMs = Math.min(pauseMs * 2, pauses.mostMs)) {
        const query = { location: job.location };
        const found = await orNull(request('GET', `/jobs/${job.jobId}`, { query }));
        if (found === null) return null;
        const state = (found['status'] as Json | undefined)?.['state'];
        if (state === 'DONE') return finishedOf(found);
        const isQuery = 'query' in ((found['configuration'] ?? {}) as Json);
        if (isQuery) await waitForResults(job);
        else await sleep(pauseMs);
      }
    },
    async replacedRows({ jobId }) {
      const answer = await request('GET', '/jobs', { query: { parentJobId: jobId } });
      const { jobs = [], nextPageToken } = answer as JobList;
      if (nextPageToken !== undefined) return null;
      const stats = jobs.map(({ statistics }) => statistics.query?.dmlStats ?? {});
      const counts = stats.flatMap((row) => [row.updatedRowCount ?? 0, row.deletedRowCount ?? 0]);
      return counts.reduce<number>((sum, count) => sum + Number(count), 0);
    },
    async query(location, sql, parameters = []) {
      let answer = await request('POST', '/queries', {
        body: {
          query: sql,
          location,
          useLegacySql: false,
          timeoutMs: longPollMs,
          ...queryParameters(parameters),
        },
      });
      while (answer['jobComplete'] !== true) {
        const { jobId } = answer['jobReference'] as { jobId: string };
        const query = { location, timeoutMs: longPollMs };
        answer = await request('GET', `/queries/${jobId}`, { query });
      }
      const rows = (answer['rows'] ?? []) as { f: { v: string | null }[] }[];
      return rows.map(({ f }): Row => f.map(({ v }) => v));
    },
  };

  /** The service answers as soon as the job is done; a failed job is an error here. */
  const waitForResults = async ({ jobId, location }: JobReference): Promise<void> => {
    const query = { location, maxResults: 0, timeoutMs: longPollMs };
    await request('GET', `/queries/${jobId}`, { query }).catch((error: unknown) => {
      if (error instanceof BigQueryError && !error.isPassing) return;
      throw error;
    });
  };
  return service;
}

/** What is used of https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list */
interface JobList {
  jobs?: {
    statistics: {
      query?: { dmlStats?: { updatedRowCount?: string; deletedRowCount?: string } };
    };
  }[];
  nextPageToken?: string;
}

interface Request {
  body?: Json;
  query?: Record<string, string | number>;
}

function createClient(project: string, endpoint: string | undefined): BigQuery {
  if (endpoint === undefined || endpoint === '') return new BigQuery({ projectId: project });
  // With the variable set the client leaves `/bigquery/v2` out of its addresses.
  const kept = process.env['BIGQUERY_EMULATOR_HOST'];
  delete process.env['BIGQUERY_EMULATOR_HOST'];
  try {
    return new BigQuery({
      projectId: project,
      apiEndpoint: endpoint,
      authClient: new PassThroughClient(),
    });
  } finally {
    if (kept !== undefined) process.env['BIGQUERY_EMULATOR_HOST'] = kept;
  }
}

async function upload(
  client: BigQuery,
  project: string,
  jobId: string,
  file: string,
  load: LoadConfiguration,
): Promise<Json> {
  await access(file, constants.R_OK); // The client would end the process.
  const { dataset, table } = load.table;
  // The location is the dataset's: the client would send it among the load's options.
  const [job] = await client
    .dataset(dataset, { projectId: project })
    .table(table)
    .createLoadJob(file, { ...loadBody(project, load), jobId } as object);
  return job.metadata as Json;
}

function finishedOf(job: Json): FinishedJob {
  const { errorResult } = job['status'] as {
    errorResult?: { reason?: string; message?: string };
  };
  const { labels = {} } = (job['configuration'] ?? {}) as { labels?: Record<string, string> };
  if (errorResult === undefined) return { labels, error: null };
  const { reason = 'unknown', message = 'no reason given' } = errorResult;
  return { labels, error: new BigQueryError(message, reason, null) };
}

async function asOurs<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw bigQueryErrorOf(error);
  }
}

async function orNull(answer: Promise<Json>): Promise<Json | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof BigQueryError && error.status === 404) return null;
    throw error;
  }
}

/** False for what exists already. */
async function isNew(answer: Promise<Json>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof BigQueryError && error.status === 409) return false;
    throw error;
  }
}

function encode(table: string): string {
  return encodeURIComponent(table);
}
