import { join } from 'node:path';
import { pythonPath } from '../../src/process/python.js';
import { startReadyChild } from './child.js';
import { projectRoot } from './stack.js';

export interface BigQueryEmulator {
  /** What `BIGQUERY_EMULATOR_HOST` says. */
  endpoint: string;
  createDataset(project: string, dataset: string): Promise<void>;
  /** A request of the REST API; the path begins at `/projects`. */
  request: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts the BigQuery emulator on a free port.
 * @param folder where it keeps its tables
 * @param storage the Cloud Storage emulator that `gs://` means, as `STORAGE_EMULATOR_HOST` says it
 */
export async function startBigQuery(folder: string, storage?: string): Promise<BigQueryEmulator> {
  const source = join(projectRoot, 'emulators', 'bigquery', 'src');
  const child = await startReadyChild<{ endpoint: string }>(
    pythonPath(),
    `-m bigquery_emulator --host 127.0.0.1 --port 0 --exit-with-parent --folder`
      .split(' ')
      .concat(folder),
    {
      env: {
        ...process.env,
        PYTHONPATH: source,
        ...(storage === undefined ? {} : { STORAGE_EMULATOR_HOST: storage }),
      },
    },
  );
  const { endpoint } = child.ready;
  const request = requester(endpoint);
  return {
    endpoint,
    request,
    async createDataset(project, dataset) {
      const datasetReference = { projectId: project, datasetId: dataset };
      await request('POST', `/projects/${project}/datasets`, { datasetReference });
    },
    stop: (signal) => child.end(signal),
  };
}

/** Rows of a query, all of them in one page; values as the REST API writes them. */
export async function queryRows(
  request: BigQueryEmulator['request'],
  project: string,
  sql: string,
): Promise<(string | null)[][]> {
  const body = { query: sql, useLegacySql: false, timeoutMs: 30_000, maxResults: 100_000 };
  const answer = (await request('POST', `/projects/${project}/queries`, body)) as {
    rows?: { f: { v: string | null }[] }[];
    pageToken?: string;
  };
  if (answer.pageToken !== undefined) throw new Error(`${sql} has more rows than one page`);
  return (answer.rows ?? []).map(({ f }) => f.map(({ v }) => v));
}

/** Requests of the REST API at a base URL; a refusal is thrown with all that the answer says. */
export function requester(endpoint: string): BigQueryEmulator['request'] {
  return async (method, path, body) => {
    const answer = await fetch(`${endpoint}/bigquery/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}
