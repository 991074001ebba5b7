import { bigqueryParameters } from '../../src/destinations/bigquery/table/parameters.js';
import { openTable } from '../../src/destinations/bigquery/publisher.js';
import { parseTableName } from '../../src/destinations/bigquery/table/table-name.js';
import type { BigQueryService } from '../../src/gateways/bigquery-service.js';
import { createBigQuery } from '../../src/gateways/bigquery.js';
import {
  newDataset,
  project,
  startForTests,
  type TestDataset,
} from '../destinations/bigquery/support.js';
import type { BigQueryEmulator } from '../support/bigquery.js';
import { InterruptedService } from './interrupted-service.js';
import type { ModelDestination, OpenDestination } from './open-destination.js';
import type { Column, Row, Value } from './rows.js';
import type { Setting } from './series.js';

/** BigQuery's emulator: each table in a dataset of its own. */
export async function inBigquery(root: string): Promise<ModelDestination> {
  const { emulator, stop } = await startForTests(root);
  const service = createBigQuery(project);
  let series: { table: string; dataset: TestDataset } | undefined;
  return {
    name: 'BigQuery',
    async open(table, setting) {
      if (series?.table !== table) {
        if (series !== undefined) await removeDataset(emulator, series.dataset);
        series = { table, dataset: await newDataset(emulator, root) };
      }
      return openDataset(service, series.dataset, setting);
    },
    stop,
  };
}

/** Of thousands of tables the emulator would become slow. */
async function removeDataset(emulator: BigQueryEmulator, { name }: TestDataset): Promise<void> {
  const path = `/projects/${project}/datasets/${name}?deleteContents=true`;
  await emulator.request('DELETE', path);
}

const partitions = {
  partitioning: 'DAY',
  partitioning_field: 'at',
  require_partition_filter: true,
  clustering: 'id',
};

function openDataset(
  service: BigQueryService,
  dataset: TestDataset,
  { type, divided }: Setting,
): OpenDestination {
  const mortal = new InterruptedService(service);
  // Of integers there would be ranges, which a config cannot say.
  const isDivided = divided && type !== 'integer';
  const sink = dataset.sink(isDivided ? partitions : {});
  const parameters = bigqueryParameters.parse(sink.parameters);
  const publisherOn = (used: InterruptedService) =>
    openTable(used.service, parseTableName(parameters.table), parameters);
  return {
    sink,
    publisher: publisherOn(mortal),
    async read(columns) {
      if ((await dataset.table()) === null) return null;
      const values = columns.map(valueOf).join(', ');
      const every = isDivided ? "WHERE at >= '0001-01-01' OR at IS NULL" : '';
      const rows = await dataset.query(`SELECT ${values} FROM \`DATASET.orders\` ${every}`);
      return { columns, rows: rows.map((row) => rowOf(columns, row)) };
    },
    leftBehind: () => dataset.staging(),
    killAfter: (calls) => mortal.killAfter(calls),
    async fallAsleep(request, calls) {
      const interrupted = new InterruptedService(service);
      const { asleep, wake } = interrupted.sleepAfter(calls);
      const end = publisherOn(interrupted).publish(request);
      await Promise.race([asleep, end.catch(() => undefined)]);
      return {
        wake() {
          wake();
          return end;
        },
      };
    },
    close: async () => undefined,
  };
}

/** An instant is asked for in microseconds: the REST API writes seconds as a floating-point number. */
function valueOf({ name, type }: Column): string {
  return type === 'timestamptz' ? `UNIX_MICROS(\`${name}\`)` : `\`${name}\``;
}

function rowOf(columns: readonly Column[], row: readonly Value[]): Row {
  return Object.fromEntries(
    columns.map(({ name, type }, index) => [name, textOf(type, row[index] ?? null)]),
  );
}

function textOf(type: Column['type'], value: Value): Value {
  if (value === null) return null;
  switch (type) {
    case 'integer':
    case 'text':
    case 'date':
      return value;
    case 'timestamp': {
      const [seconds = '', fraction = ''] = value.split('.');
      return `${seconds}.${fraction.padEnd(6, '0')}`;
    }
    case 'timestamptz': {
      const micros = value.slice(-3);
      return `${new Date(Number(value.slice(0, -3))).toISOString().slice(0, -1)}${micros}Z`;
    }
  }
}
