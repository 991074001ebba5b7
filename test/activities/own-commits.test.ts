import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { createFinish } from '../../src/activities/finish.js';
import type { Outcome, Receipt, ReceiptSink } from '../../src/shared/run/receipt.js';
import { duckdbSink } from '../destinations/duckdb/support.js';
import { done, ids, publishTask, stage } from '../destinations/support.js';
import { temporaryRoot } from '../support/stack.js';
import { inActivity, openProject, ownRunId, pin } from './support.js';

describe('the receipt of a run that was reset and did not succeed', function () {
  this.timeout(30_000);
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    const staged = await stage(root, ids(1, 3));
    await done(publishTask(duckdbSink(root), { run: 'thisrun', base: 0, staged }));
  });
  afterEach(() => remove());

  it('says what its earlier execution committed, though this one never looked', async () => {
    const sinks = await finish('failed', 'the first run id');
    assert.deepEqual(
      sinks?.map(({ state, version, rows }) => [state, version, rows]),
      [['published', 1, 3]],
    );
    const file = join(root, '.beamline', 'store', 'runs', 'thisrun', 'receipt.json');
    const kept = JSON.parse(await readFile(file, 'utf8')) as Receipt;
    assert.deepEqual(kept.sinks, sinks);
  });

  it('is not looked after where the run was not reset, or succeeded', async () => {
    assert.equal(await finish('failed', ownRunId), null);
    assert.equal(await finish('succeeded', 'the first run id'), null);
  });

  it('does not say that nothing happened where nobody could look', async () => {
    await writeFile(join(root, 'broken.duckdb'), 'no database');
    const sinks = await finish('failed', 'the first run id', 'broken.duckdb');
    assert.equal(sinks?.[0]?.state, 'uncertain');
  });

  async function finish(
    outcome: Outcome,
    firstRunId: string,
    database = 'warehouse.duckdb',
  ): Promise<ReceiptSink[] | null> {
    const raw = { workflowExecutionInfo: { firstRunId } };
    const describe = async () => ({ status: { name: 'RUNNING' }, raw });
    const client = { workflow: { getHandle: () => ({ describe }) } } as unknown as Client;
    const project = await openProject(root, 'http://127.0.0.1:9', client);
    const { parameters } = duckdbSink(root, { database });
    const planned = {
      name: 'sink',
      module: 'duckdb',
      input: 'orders',
      mode: 'replace' as const,
      on_empty: 'truncate' as const,
      destination: 'duckdb:w',
      parameters,
    };
    const run = await pin(project, 'thisrun', { sources: [], sinks: [planned] });
    const { name, module, mode, destination } = planned;
    const sink: ReceiptSink = {
      name,
      module,
      mode,
      destination,
      rows: 0,
      bytes: 0,
      state: 'unpublished',
    };
    const receipt = { run_key: 'thisrun', outcome, sinks: [sink] } as unknown as Receipt;
    return (await inActivity(createFinish(project.deps), run, receipt, null)) ?? null;
  }
});
