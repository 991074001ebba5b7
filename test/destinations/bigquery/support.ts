import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { queryRows, startBigQuery, type BigQueryEmulator } from '../../support/bigquery.js';
import { temporaryRoot } from '../../support/stack.js';
import type { TestSink } from '../support.js';

export const project = 'beamline-test';

/** A dataset of one test, in an emulator that the tests of a file share. */
export interface TestDataset {
  name: string;
  sink(parameters?: Record<string, unknown>): TestSink;
  /** Rows of a query, in which `DATASET` stands for this one. */
  query(sql: string): Promise<(string | null)[][]>;
  /** The resource of a table; null if there is none. */
  table(id?: string): Promise<Record<string, unknown> | null>;
  createTable(resource: Record<string, unknown>, id?: string): Promise<void>;
  ids(table?: string): Promise<string[]>;
  /** Table, version, kind and run of every entry in the log; none without a log. */
  commits(): Promise<(string | null)[][]>;
  /** Ids of the staging tables that are there. */
  staging(): Promise<string[]>;
}

/** Starts an emulator for the tests of a file, which publisher processes find in the environment. */
export async function startForTests(
  root: string,
  storage?: string,
): Promise<{ emulator: BigQueryEmulator; stop: () => Promise<void> }> {
  const emulator = await startBigQuery(join(root, 'bigquery'), storage);
  const before = process.env['BIGQUERY_EMULATOR_HOST'];
  process.env['BIGQUERY_EMULATOR_HOST'] = emulator.endpoint;
  return {
    emulator,
    async stop() {
      if (before === undefined) delete process.env['BIGQUERY_EMULATOR_HOST'];
      else process.env['BIGQUERY_EMULATOR_HOST'] = before;
      await emulator.stop();
    },
  };
}

/** For each test of a `describe` a dataset of its own, in an emulator that they share. */
export function withDataset(
  onReady: (ready: { root: string; dataset: TestDataset }) => void,
): void {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: BigQueryEmulator;
  let stop: () => Promise<void>;
  before(async () => {
    ({ root, remove } = await temporaryRoot());
    ({ emulator, stop } = await startForTests(root));
  });
  after(async () => {
    await stop();
    await remove();
  });
  beforeEach(async () => {
    onReady({ root, dataset: await newDataset(emulator, root) });
  });
}

export async function newDataset(emulator: BigQueryEmulator, root: string): Promise<TestDataset> {
  const name = `d${randomBytes(4).toString('hex')}`;
  await emulator.createDataset(project, name);
  const tables = `/projects/${project}/datasets/${name}/tables`;
  const dataset: TestDataset = {
    name,
    sink: (parameters = {}) => ({
      module: 'bigquery',
      root,
      parameters: {
        table: `${project}.${name}.orders`,
        create_disposition: 'CREATE_IF_NEEDED',
        ...parameters,
      },
    }),
    query: (sql) =>
      queryRows(emulator.request, project, sql.replaceAll('DATASET', `${project}.${name}`)),
    table: (id = 'orders') => emulator.request('GET', `${tables}/${id}`).catch(() => null),
    async createTable(resource, id = 'orders') {
      const tableReference = { projectId: project, datasetId: name, tableId: id };
      await emulator.request('POST', tables, { tableReference, ...resource });
    },
    async ids(table = 'orders') {
      const rows = await dataset.query(`SELECT id FROM \`DATASET.${table}\` ORDER BY id`);
      return rows.map(([id]) => String(id));
    },
    async commits() {
      if ((await dataset.table('_beamline_commits')) === null) return [];
      return dataset.query(
        'SELECT table_name, version, kind, run_key FROM `DATASET._beamline_commits` ORDER BY table_name, version',
      );
    },
    async staging() {
      const { tables: found = [] } = (await emulator.request('GET', tables)) as {
        tables?: { tableReference: { tableId: string } }[];
      };
      return found
        .map(({ tableReference }) => tableReference.tableId)
        .filter((id) => id.startsWith('_beamline_') && id !== '_beamline_commits');
    },
  };
  return dataset;
}
