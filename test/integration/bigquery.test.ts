import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { newDataset, startForTests, type TestDataset } from '../destinations/bigquery/support.js';
import type { ReadyChild } from '../support/child.js';
import { startRun } from '../support/pipeline.js';
import { startTemporal, startWorker, temporaryRoot, type WorkerReady } from '../support/stack.js';

describe('runPipeline into BigQuery, with a real server, the emulator and Beam', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let worker: ReadyChild<WorkerReady>;
  let stop: () => Promise<void>;
  let dataset: TestDataset;
  let root: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    const started = await startForTests(root);
    ({ stop } = started);
    [environment, dataset] = await Promise.all([
      startTemporal(),
      newDataset(started.emulator, root),
    ]);
    worker = await startWorker(environment, root);
  });

  after(async () => {
    await worker?.end();
    await environment?.teardown();
    await stop?.();
    await remove();
  });

  const run = async (lines: string[], sink: Record<string, unknown>) => {
    await writeFile(join(root, 'customers.csv'), lines.join('\n'));
    // Without a name, and with steps of any name, as configs of satokiyo/pydataflow-template may be.
    const config = {
      sources: [
        {
          name: '1. customers/CSV',
          module: 'files',
          parameters: { path: 'customers.csv', format: 'csv' },
        },
      ],
      sinks: [{ name: 'to BigQuery (EU)', module: 'bigquery', input: '1. customers/CSV', ...sink }],
    };
    await writeFile(join(root, 'customers.json'), JSON.stringify(config));
    return (await startRun(environment, { config: 'customers.json' })).result();
  };

  it('replaces a table and then merges into it', async () => {
    const { parameters } = dataset.sink();
    const first = await run(['id,name', '1,Ada', '2,Bob'], { parameters });
    assert.equal(first.outcome, 'succeeded');
    assert.deepEqual([first.sinks[0]?.version, first.sinks[0]?.rows], [1, 2]);
    const merge = { mode: 'merge', parameters: { ...parameters, merge_keys: ['id'] } };
    const second = await run(['id,name', '2,Bert', '3,Cem'], merge);
    assert.equal(second.outcome, 'succeeded');
    assert.equal(second.sinks[0]?.version, 2);
    assert.deepEqual(await dataset.query('SELECT id, name FROM `DATASET.orders` ORDER BY id'), [
      ['1', 'Ada'],
      ['2', 'Bert'],
      ['3', 'Cem'],
    ]);
    assert.deepEqual(await dataset.staging(), []);
  });

  it('fails before anything is read if the table is missing and may not be made', async () => {
    const { parameters } = dataset.sink({
      table: `beamline-test.${dataset.name}.none`,
      create_disposition: 'CREATE_NEVER',
    });
    const failed = await run(['id', '1'], { parameters }).then(
      () => null,
      (error: unknown) => error as { cause?: { type?: string; message?: string } },
    );
    assert.equal(failed?.cause?.type, 'ResourceError');
    assert.match(failed?.cause?.message ?? '', /there is no table .*none.*CREATE_IF_NEEDED/);
  });
});
