import assert from 'node:assert/strict';
import { bigqueryParameters } from '../../../src/destinations/bigquery/table/parameters.js';
import { openTable } from '../../../src/destinations/bigquery/publisher.js';
import { parseTableName } from '../../../src/destinations/bigquery/table/table-name.js';
import type { SinkWindow } from '../../../src/destinations/destination.js';
import { createBigQuery } from '../../../src/gateways/bigquery.js';
import { InterruptedService } from '../../model/interrupted-service.js';
import { failureOf, requestOf } from '../in-process.js';
import { ids, stage } from '../support.js';
import { project, withDataset, type TestDataset } from './support.js';

const everything: SinkWindow = {
  key: 'north.orders',
  column: 'id',
  type: 'integer',
  low: null,
  low_inclusive: true,
  high: '10',
  next: '10',
  basis: 'everything',
};

describe('bigquery: an append that sleeps before it looks whether its window was committed', () => {
  let root: string;
  let dataset: TestDataset;
  withDataset((ready) => {
    ({ root, dataset } = ready);
  });

  it('is told that the version is taken, whatever the table has by now', async () => {
    const sink = dataset.sink();
    const parameters = bigqueryParameters.parse(sink.parameters);
    const on = (used: InterruptedService) =>
      openTable(used.service, parseTableName(parameters.table), parameters);
    const append = async (run: string, base: number, rows: string, windows: SinkWindow[]) =>
      requestOf(sink, { run, base, staged: await stage(root, rows), mode: 'append', windows });
    const publisher = on(new InterruptedService(createBigQuery(project)));
    await publisher.publish(await append('empty', 0, ids(1, 0), [everything]));

    const interrupted = new InterruptedService(createBigQuery(project));
    // It has asked for the dataset, the log's table and the log.
    const { asleep, wake } = interrupted.sleepAfter(3);
    const end = failureOf(
      on(interrupted).publish(await append('late', 1, ids(1, 2), [everything])),
    );
    await asleep;
    await publisher.publish(await append('other', 1, ids(5, 6), []));
    wake();
    assert.equal((await end).type, 'VersionTaken');
    assert.deepEqual(await dataset.ids(), ['5', '6']);
    assert.deepEqual(await dataset.staging(), []);
  });
});
