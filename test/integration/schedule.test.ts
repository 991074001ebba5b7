import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Beamline } from '../../src/client/index.js';
import { until } from '../../src/schedules/times/until.js';
import { startSite, type Site } from '../schedules/site.js';
import type { ReadyChild } from '../support/child.js';
import { startWorker, type WorkerReady } from '../support/stack.js';

describe('a run that a schedule starts, with a real worker', function () {
  this.timeout(120_000);
  let site: Site;
  let worker: ReadyChild<WorkerReady>;
  let beamline: Beamline;

  before(async () => {
    site = await startSite();
    writeFileSync(join(site.root, 'rows.csv'), 'n\n1\n2\n3\n');
    worker = await startWorker(site.environment, site.root);
    beamline = await Beamline.connect({ root: site.root, address: site.environment.address });
  });
  after(async () => {
    await beamline?.close();
    await worker?.end();
    await site?.end();
  });

  const args = { day: { type: 'date' } };
  const sinks = [
    { name: 'out', module: 'files', input: 'rows', parameters: { path: 'out/${args.day}' } },
  ];

  it('runs the config with the arguments of the schedule', async () => {
    const schedule = { name: 'nightly', cron: '0 0 1 1 *', args: { day: '2026-01-31' } };
    site.write('configs/orders.json', schedule, { args, sinks });
    await site.apply();
    const started = await site.schedules.trigger('nightly');
    assert.ok(started);
    const run = await beamline.get(started.workflow_id);
    const receipt = await run.receipt();
    assert.deepEqual(
      [receipt.outcome, receipt.rows_read, receipt.args],
      ['succeeded', 3, { day: '2026-01-31' }],
    );
    const { memo, searchAttributes } = await site.environment.client.workflow
      .getHandle(started.workflow_id)
      .describe();
    assert.equal((memo?.['beamline'] as { schedule?: string } | undefined)?.schedule, 'nightly');
    assert.deepEqual(searchAttributes['TemporalScheduledById'], ['nightly']);
    assert.deepEqual(searchAttributes['BeamlinePipeline'], ['orders']);
    assert.equal((await beamline.list({ limit: 1 }))[0]?.workflow_id, started.workflow_id);
  });

  it('pauses its schedule if it fails, and that is asked for', async () => {
    const sources = [{ name: 'rows', module: 'files', parameters: { path: 'gone.csv' } }];
    const block = { name: 'fragile', cron: '0 0 1 1 *', pause_on_failure: true };
    site.write('configs/fragile.json', block, { name: 'fragile', sources });
    await site.apply(['configs/fragile.json']);
    // Temporal watches the runs that do not overlap, so not one that is triggered.
    const range = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-01T00:01:00Z') };
    await site.schedules.backfill('fragile', { ...range, overlap: 'skip' });
    const state = await until(async () => {
      const described = await site.describe('fragile');
      return described.state.paused ? described.state : undefined;
    }, 60_000);
    assert.match(state?.note ?? '', /paused due to workflow failure/);
    assert.match(
      (await site.schedules.list()).find(({ name }) => name === 'fragile')?.note ?? '',
      /failure/,
    );
  });
});
