import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { overlapPolicies } from '../../src/config/envelope/overlap-policies.js';
import { guardedSchedules } from '../../src/schedules/guarded-client.js';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { startSite, type Site } from './site.js';

describe('schedule apply', function () {
  this.timeout(60_000);
  let site: Site;
  beforeEach(async () => {
    site = await startSite();
  });
  afterEach(() => site?.end());

  it('makes a schedule that starts the pipeline, as the config says', async () => {
    site.write(
      'configs/shop/orders.json',
      {
        name: 'nightly',
        cron: ['30 2 * * *', '0 0 1 * MON'],
        timezone: 'America/New_York',
        jitter: '90s',
        overlap: 'buffer_one',
        catchup: '6h',
        pause_on_failure: true,
        args: { day: '2026-01-31' },
      },
      { args: { day: { type: 'date' } } },
    );
    await site.apply(['configs'], 'ticket 12');
    const { spec, policies, action, state, memo } = await site.describe('nightly');
    assert.deepEqual(
      spec.calendars?.map(({ comment, minute }) => [comment, minute[0]?.start]),
      [
        ['30 2 * * *', 30],
        ['0 0 1 * MON', 0],
        ['0 0 1 * MON', 0],
      ],
    );
    assert.equal(spec.timezone, 'America/New_York');
    assert.equal(spec.jitter, 90_000);
    assert.deepEqual(policies, {
      overlap: 'BUFFER_ONE',
      catchupWindow: 6 * 3_600_000,
      pauseOnFailure: true,
    });
    assert.equal(action.workflowType, 'runPipeline');
    assert.equal(action.taskQueue, 'beamline');
    assert.equal(action.workflowId, 'orders-nightly');
    assert.deepEqual(action.args, [
      { config: 'configs/shop/orders.json', args: { day: '2026-01-31' } },
    ]);
    assert.equal(
      action.staticSummary,
      'orders: configs/shop/orders.json · schedule nightly · day=2026-01-31',
    );
    assert.equal(
      state.note,
      'At 02:30; At 00:00, on day 1 of the month, or At 00:00, only on Monday (America/New_York). ' +
        'Made by Beamline from configs/shop/orders.json. Last change: ticket 12.',
    );
    const { deployment, ...owner } = (memo ?? {})['beamline'] as Record<string, string>;
    assert.deepEqual(owner, { pipeline: 'orders', config: 'configs/shop/orders.json' });
    assert.match(deployment ?? '', /^[a-z2-7]{10}$/);
  });

  it('takes the zone of the pipeline, and each of Temporal’s policies', async () => {
    for (const overlap of overlapPolicies) {
      const path = `configs/${overlap}.json`;
      site.write(path, { name: overlap, cron: '0 0 * * *', overlap }, { timezone: 'Asia/Tokyo' });
    }
    await site.apply();
    for (const overlap of overlapPolicies) {
      const { spec, policies } = await site.describe(overlap);
      assert.deepEqual([spec.timezone, policies.overlap], ['Asia/Tokyo', overlap.toUpperCase()]);
    }
    assert.deepEqual(await site.kinds(), []);
  });

  it('changes nothing the second time', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '0 * * * *', jitter: '1s' });
    await site.apply();
    assert.deepEqual(await site.apply(), []);
    const { info } = await site.describe('hourly');
    assert.equal(info.lastUpdatedAt, undefined);
  });

  it('names what differs, field by field, and changes only that', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '0 * * * *' });
    await site.apply();
    site.write('configs/orders.json', {
      name: 'hourly',
      cron: ['30 2 * * *', '0 0 1 * 1'],
      timezone: 'Europe/Berlin',
      overlap: 'allow_all',
    });
    const { changes } = await site.schedules.plan(['configs']);
    assert.ok(changes[0]?.kind === 'update');
    assert.deepEqual(changes[0].fields, [
      { field: 'cron', old: '0 * * * *', new: '30 2 * * *, 0 0 1 * 1' },
      { field: 'timezone', old: 'UTC', new: 'Europe/Berlin' },
      { field: 'overlap', old: 'skip', new: 'allow_all' },
    ]);
    assert.equal(changes[0].current.isEdited, false);
    await site.apply();
    assert.deepEqual(await site.kinds(), []);
  });

  it('sees what was changed by hand, says so, and puts it right', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '*/10 8-18 * * 1-5' });
    await site.apply();
    const handle = site.environment.client.schedule.getHandle('hourly');
    await handle.update((previous) => ({
      ...previous,
      spec: { cronExpressions: ['0 5 1,15 JAN-MAR *'], intervals: [{ every: '2h' }] },
      policies: { ...previous.policies, catchupWindow: '90s' },
      action: { ...previous.action, args: [{ config: 'configs/orders.json', runner: 'local' }] },
      state: { ...previous.state, remainingActions: 3 },
    }));
    const { changes } = await site.schedules.plan(['configs']);
    assert.ok(changes[0]?.kind === 'update');
    assert.equal(changes[0].current.isEdited, true);
    assert.deepEqual(changes[0].fields, [
      { field: 'cron', old: '0 5 1,15 1-3 *', new: '*/10 8-18 * * 1-5' },
      { field: 'catchup', old: '90s', new: '1d' },
      {
        field: 'other',
        old: '{"input":{"runner":"local"},"intervals":[{"every":7200000}],"remaining_actions":3}',
        new: 'nothing',
      },
    ]);
    await site.apply();
    assert.deepEqual(await site.kinds(), []);
    const { spec, state } = await site.describe('hourly');
    assert.deepEqual([spec.intervals, state.remainingActions], [[], undefined]);
  });

  it('leaves paused what a person paused, with the reason, unless the config says otherwise', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '0 * * * *' });
    await site.apply();
    await site.schedules.pause('hourly', 'the shop moves');
    assert.deepEqual(await site.kinds(), []);
    site.write('configs/orders.json', { name: 'hourly', cron: '30 * * * *' });
    await site.apply(['configs'], 'later');
    const paused = (await site.describe('hourly')).state;
    assert.deepEqual([paused.paused, paused.note], [true, 'Paused: the shop moves']);

    site.write('configs/orders.json', { name: 'hourly', cron: '30 * * * *', paused: false });
    const [change] = (await site.schedules.plan(['configs'])).changes;
    assert.ok(change?.kind === 'update');
    assert.deepEqual(change.fields, [{ field: 'paused', old: 'true', new: 'false' }]);
    await site.apply();
    assert.equal((await site.describe('hourly')).state.paused, false);
  });

  it('creates a schedule paused, if the config says so', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '0 * * * *', paused: true });
    await site.apply();
    assert.equal((await site.describe('hourly')).state.paused, true);
  });

  it('may be run by two at once', async () => {
    const other = await site.connect();
    const names = Array.from({ length: 12 }, (_, index) => `job-${index}`);
    const write = (hour: (index: number) => string, enable = (_index: number): boolean => true) => {
      for (const [index, name] of names.entries()) {
        const block = { name, cron: `0 ${hour(index)} * * *`, enable: enable(index) };
        site.write(`configs/${name}.json`, block);
      }
    };
    const both = async (): Promise<void> => {
      const plans = await Promise.all([site.schedules.plan(['configs']), other.plan(['configs'])]);
      assert.deepEqual(
        plans[0].changes.map(({ kind }) => kind),
        plans[1].changes.map(({ kind }) => kind),
      );
      const [ours, theirs] = plans;
      const applied = await Promise.all([site.schedules.apply(ours), other.apply(theirs)]);
      assert.deepEqual(
        applied.flat().map(({ failure }) => failure),
        applied.flat().map(() => null),
      );
    };
    write(() => '1');
    await both();
    assert.deepEqual(await site.kinds(), []);
    // The later of two that create it finds it right, and leaves it alone.
    for (const name of names) {
      assert.equal((await site.describe(name)).info.lastUpdatedAt, undefined);
    }
    write(() => '2');
    await both();
    assert.deepEqual(await site.kinds(), []);
    write(
      () => '3',
      (index) => index % 2 === 0,
    );
    await both();
    const gone = names.filter((_, index) => index % 2 !== 0).toSorted();
    assert.deepEqual(
      await site.kinds(),
      gone.map((name) => `left ${name}`),
    );
  });

  it('does not write over a change that it has not seen', async () => {
    site.write('configs/orders.json', { name: 'hourly', cron: '0 * * * *' });
    await site.apply();
    const guarded = guardedSchedules(site.environment.client);
    await guarded
      .getHandle('hourly')
      .update((seen) => ({ ...seen, state: { ...seen.state, note: 'first' } }));
    assert.equal((await site.describe('hourly')).state.note, 'first');
    const stale = await guarded.getHandle('hourly').describe();
    await site.schedules.pause('hourly', 'meanwhile');
    const { namespace } = guarded.options;
    const schedule = stale.raw.schedule ?? null;
    await guarded.workflowService.updateSchedule({ namespace, scheduleId: 'hourly', schedule });
    const { state } = await site.describe('hourly');
    assert.deepEqual([state.paused, state.note], [true, 'Paused: meanwhile']);
  });

  it('can be killed in the middle, and run again', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `job-${100 + index}`);
    for (const name of names) site.write(`configs/${name}.json`, { name, cron: '0 0 * * *' });
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const child = spawn(process.execPath, [main, 'schedule', 'apply'], {
      cwd: site.root,
      env: { ...process.env, TEMPORAL_ADDRESS: site.environment.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const lines of child.stdout) {
      if (String(lines).includes('created')) break;
    }
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const left = (await site.kinds()).length;
    assert.ok(left > 0 && left < names.length, `${left} were not made before the kill`);
    assert.equal((await site.apply()).length, left);
    assert.deepEqual(await site.kinds(), []);
  });
});
