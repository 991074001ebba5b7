import assert from 'node:assert/strict';
import { ConfigProblems, ForeignSchedule, ScheduleNotFound } from '../../src/client/index.js';
import { until } from '../../src/schedules/times/until.js';
import { foreignSchedule, startSite, type Site } from './site.js';

/** What a plan refuses, as `file:line path message`. */
async function refused(plan: Promise<unknown>): Promise<string[]> {
  try {
    await plan;
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(
      ({ file, line, path, message }) => `${file}:${line} ${path} ${message}`,
    );
  }
  return assert.fail('nothing was refused');
}

describe('whose a schedule is', function () {
  this.timeout(60_000);
  let site: Site;
  beforeEach(async () => {
    site = await startSite();
  });
  afterEach(() => site?.end());

  /** The server's list lags: waits until it has so many. */
  async function listed(count: number): Promise<void> {
    await until(async () => ((await site.names()).length === count ? true : undefined), 10_000);
  }

  it('refuses a name that somebody else’s schedule has, and changes nothing', async () => {
    await foreignSchedule(site, 'theirs');
    await foreignSchedule(site, 'elsewhere', {
      beamline: { deployment: 'aaaaaaaaaa', pipeline: 'other', config: 'configs/a.json' },
    });
    site.write('configs/a.json', { name: 'theirs', cron: '0 0 * * *' });
    site.write('configs/b.json', { name: 'elsewhere', cron: '0 0 * * *' });
    site.write('configs/c.json', { name: 'mine', cron: '0 0 * * *' });
    assert.deepEqual(await refused(site.schedules.plan(['configs'])), [
      'configs/a.json:1 schedule.name `theirs` is the name of a schedule that Beamline did not make; choose another name',
      'configs/b.json:1 schedule.name `elsewhere` is the name of a schedule of another deployment of Beamline (pipeline other); choose another name',
    ]);
    await assert.rejects(site.describe('mine'), /not found/i);
  });

  it('does not take over a name that somebody else took between plan and apply', async () => {
    site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
    site.write('configs/b.json', { name: 'other', cron: '0 0 * * *' }, { name: 'other' });
    const plan = await site.schedules.plan(['configs']);
    await foreignSchedule(site, 'nightly');
    const applied = await site.schedules.apply(plan);
    assert.deepEqual(
      applied.map(({ change, failure }) => [change.name, failure?.message]),
      [
        ['nightly', '`nightly` is the name of a schedule that Beamline did not make'],
        ['other', undefined],
      ],
    );
    assert.equal((await site.describe('nightly')).action.workflowType, 'theirs');
  });

  it('leaves alone what is not ours, though a config disables that name', async () => {
    await foreignSchedule(site, 'theirs');
    site.write('configs/a.json', { name: 'theirs', cron: '0 0 * * *', enable: false });
    const { changes } = await site.schedules.plan(['configs']);
    assert.ok(changes[0]?.kind === 'left');
    assert.match(changes[0].why, /`theirs` is the name of a schedule that Beamline did not make/);
    assert.deepEqual(await site.apply(), []);
    await site.describe('theirs');
  });

  it('does not let anybody else’s schedule be paused, triggered, backfilled or deleted', async () => {
    await foreignSchedule(site, 'theirs');
    const { schedules } = site;
    const range = { from: new Date('2026-01-01'), to: new Date('2026-01-02') };
    for (const action of [
      () => schedules.pause('theirs'),
      () => schedules.resume('theirs'),
      () => schedules.trigger('theirs'),
      () => schedules.backfill('theirs', range),
      () => schedules.delete('theirs'),
    ]) {
      await assert.rejects(action, ForeignSchedule);
    }
    const { state, info } = await site.describe('theirs');
    assert.deepEqual([state.paused, info.numActionsTaken], [false, 0]);
    assert.deepEqual(await schedules.list(), []);
  });

  it('is not disturbed by a schedule whose memo only its owner can read', async () => {
    const { connection, schedule } = site.environment.client;
    await foreignSchedule(site, 'model');
    const { raw } = await schedule.getHandle('model').describe();
    const secret = {
      metadata: { encoding: Buffer.from('binary/encrypted') },
      data: Buffer.from('x'),
    };
    await connection.workflowService.createSchedule({
      namespace: 'default',
      scheduleId: 'encrypted',
      requestId: 'one',
      schedule: raw.schedule ?? null,
      memo: { fields: { note: secret, beamline: secret } },
    });
    site.write('configs/a.json', { name: 'mine', cron: '0 0 * * *' });
    await site.apply();
    await until(async () => ((await site.schedules.list()).length > 0 ? true : undefined), 10_000);
    await assert.rejects(site.schedules.pause('encrypted'), ForeignSchedule);
    assert.deepEqual(
      (await site.schedules.list()).map(({ name }) => name),
      ['mine'],
    );
  });

  it('deletes a schedule whose config is gone from a folder that is given, or names it no more', async () => {
    site.write('configs/gone.json', { name: 'gone', cron: '0 0 * * *' });
    site.write('configs/bare.json', { name: 'bare', cron: '0 0 * * *' });
    site.write('configs/renamed.json', { name: 'old-name', cron: '0 0 * * *' });
    site.write('configs/kept.json', { name: 'kept', cron: '0 0 * * *' });
    await site.apply();
    await listed(4);
    site.remove('configs/gone.json');
    site.write('configs/bare.json');
    site.write('configs/renamed.json', { name: 'new-name', cron: '0 0 * * *' });
    const { changes } = await site.schedules.plan(['configs']);
    assert.deepEqual(
      changes.map((change) => [change.kind, change.name, 'why' in change ? change.why : '']),
      [
        ['delete', 'bare', 'configs/bare.json does not name it any more'],
        ['delete', 'gone', 'configs/gone.json is gone'],
        ['unchanged', 'kept', ''],
        ['create', 'new-name', ''],
        ['delete', 'old-name', 'configs/renamed.json does not name it any more'],
      ],
    );
    await site.apply();
    await listed(2);
    assert.deepEqual(await site.names(), ['kept', 'new-name']);
  });

  it('deletes nothing whose config lies outside of the paths that are given', async () => {
    site.write('configs/a/one.json', { name: 'one', cron: '0 0 * * *' });
    site.write('configs/ab/two.json', { name: 'two', cron: '0 0 * * *' });
    site.write('other/three.json', { name: 'three', cron: '0 0 * * *' });
    await site.apply(['configs', 'other']);
    await listed(3);
    site.remove('configs/ab/two.json');
    site.remove('other/three.json');
    assert.deepEqual(await site.kinds(['configs/a']), []);
    assert.deepEqual(await site.kinds(['configs/a/one.json']), []);
    assert.deepEqual(await site.kinds(['configs']), ['delete two']);
    assert.deepEqual(await site.kinds(['configs/ab', 'other']), ['delete three', 'delete two']);
  });

  it('follows a config that was moved', async () => {
    site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
    await site.apply();
    site.remove('configs/a.json');
    site.write('configs/b.json', { name: 'nightly', cron: '0 0 * * *' });
    await listed(1);
    const [change] = (await site.schedules.plan(['configs'])).changes;
    assert.ok(change?.kind === 'update');
    assert.deepEqual(
      change.fields.map(({ field }) => field),
      ['config', 'summary'],
    );
    await site.apply();
    // Its memo still names the old path; what counts is what it runs.
    assert.deepEqual(await site.kinds(), []);
    site.remove('configs/b.json');
    assert.deepEqual(await site.kinds(), ['delete nightly']);
  });

  it('refuses two schedules of one name, a config with a problem and a path that is not there', async () => {
    site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
    site.write('configs/b.json', { name: 'nightly', cron: '0 1 * * *' });
    site.write('configs/c.json', { name: 'hourly', cron: '0 0 0 * *' });
    assert.deepEqual(await refused(site.schedules.plan(['configs'])), [
      'configs/b.json:1 schedule.name `nightly` is the schedule of configs/a.json:1:37 already; choose another name',
      'configs/c.json:1 schedule.cron `0 0 0 * *`: day of month is 0, allowed 1-31',
    ]);
    assert.match((await refused(site.schedules.plan(['nowhere']))).join(), /nowhere:0 {2}/);
  });

  it('refuses two schedules whose runs would have one name', async () => {
    site.write('configs/a.json', { name: 'b-c', cron: '0 0 * * *' }, { name: 'a' });
    site.write('configs/b.json', { name: 'c', cron: '0 0 * * *' }, { name: 'a-b' });
    assert.deepEqual(await refused(site.schedules.plan(['configs'])), [
      'configs/b.json:1 schedule.name its runs would be named `a-b-c`, as are those of configs/a.json:1:32 already; choose another name',
    ]);
  });

  it('reads of a folder only what is a pipeline', async () => {
    site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
    site.write('configs/.hidden.json', { name: 'hidden', cron: '0 0 * * *' });
    site.write('configs/node_modules/x.json', { name: 'installed', cron: '0 0 * * *' });
    site.write('configs/shop.connections.json', { name: 'profiles', cron: '0 0 * * *' });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${site.root}/configs/schema.json`, '[{"name": "id", "type": "INTEGER"}]');
    assert.deepEqual(await site.kinds(), ['create nightly']);
  });

  it('names the schedule that was meant', async () => {
    site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
    await site.apply();
    await listed(1);
    await assert.rejects(site.schedules.pause('nigthly'), (error) => {
      assert.ok(error instanceof ScheduleNotFound);
      assert.match(error.message, /no schedule is named `nigthly`; did you mean `nightly`\?/);
      return true;
    });
  });
});

describe('an installation without a name', function () {
  this.timeout(60_000);

  it('deletes no schedule that another project may have made', async () => {
    const site = await startSite('{}\n');
    try {
      site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *' });
      await site.apply();
      await until(async () => ((await site.names()).length === 1 ? true : undefined), 10_000);
      site.remove('configs/a.json');
      const { changes } = await site.schedules.plan(['configs']);
      assert.ok(changes[0]?.kind === 'left');
      assert.match(changes[0].why, /configs\/a.json is gone, but as beamline.yaml names no/);
      assert.deepEqual(await site.apply(), []);
      // What a config says in so many words is done.
      site.write('configs/a.json', { name: 'nightly', cron: '0 0 * * *', enable: false });
      assert.deepEqual(await site.kinds(), ['delete nightly']);
    } finally {
      await site.end();
    }
  });
});
