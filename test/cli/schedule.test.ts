import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import { until } from '../../src/schedules/times/until.js';
import { foreignSchedule, startSite, type Site } from '../schedules/site.js';

interface Said {
  stdout: string;
  stderr: string;
  exitCode?: number;
}

describe('beamline schedule', function () {
  this.timeout(120_000);
  let site: Site;
  before(async () => {
    site = await startSite();
  });
  after(() => site?.end());

  async function beamline(...args: string[]): Promise<Said> {
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    return execa(process.execPath, [main, 'schedule', ...args], {
      cwd: site.root,
      env: { TEMPORAL_ADDRESS: site.environment.address },
      reject: false,
      stripFinalNewline: false,
    });
  }
  async function describedByTemporal(): Promise<string> {
    const args = ['schedule', 'describe', '--schedule-id', 'nightly'];
    const env = { TEMPORAL_ADDRESS: site.environment.address };
    return (await execa(findTemporalCli(), args, { env })).stdout;
  }
  async function json(...args: string[]): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await beamline(...args, '--json');
    assert.equal(stderr, '');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('plans what would change, with the next times as clocks of the zone show them', async () => {
    site.write(
      'configs/a.json',
      { name: 'nightly', cron: '30 2 * * *' },
      { timezone: 'Asia/Tokyo' },
    );
    site.write('configs/b.json', { name: 'report', cron: '@weekly', enable: 'false' });
    const { stdout, exitCode } = await beamline('plan');
    assert.match(
      stdout,
      /^\+ {2}nightly {2}create {2}30 2 \* \* \* {2}Asia\/Tokyo\n {4}At 02:30; next (\d{4}-\d\d-\d\d 02:30, ){4}\d{4}-\d\d-\d\d 02:30\n {3}report {3}left {4}`enable` is false\n1 change\. Apply with beamline schedule apply\n$/,
    );
    assert.equal(exitCode, 0);
    assert.equal((await beamline('plan', 'configs/a.json', '--exit-code')).exitCode, 5);
    assert.equal((await beamline('plan', 'configs/b.json', '--exit-code')).exitCode, 0);
  });

  it('applies that, and then has nothing to change', async () => {
    const { stdout, exitCode } = await beamline('apply', 'configs', '--reason', 'first');
    assert.equal(stdout, '+ nightly  created\n1 change made, 0 unchanged.\n');
    assert.equal(exitCode, 0);
    const again = await beamline('plan', '--exit-code');
    assert.match(again.stdout, /Nothing to change: 1 schedule as they should be\.\n$/);
    assert.equal(again.exitCode, 0);
    const { changes } = await json('plan');
    const [change] = changes as Record<string, unknown>[];
    assert.deepEqual(
      [change?.['kind'], change?.['name'], change?.['words'], change?.['timezone']],
      ['unchanged', 'nightly', ['At 02:30'], 'Asia/Tokyo'],
    );
    assert.equal((change?.['next'] as string[] | undefined)?.length, 5);
  });

  it('prints each problem at its place, and exits with 2', async () => {
    await foreignSchedule(site, 'theirs');
    site.write('bad/a.json', { name: 'x', cron: '0 25 * * *', timezone: 'Europe/Berlim' });
    const bad = await beamline('plan', 'bad');
    assert.match(
      bad.stderr,
      /^bad\/a\.json:1:\d+ {2}schedule\.cron {6}`0 25 \* \* \*`: hour is 25, allowed 0-23$/m,
    );
    assert.match(
      bad.stderr,
      /schedule\.timezone {2}unknown time zone `Europe\/Berlim`; did you mean `Europe\/Berlin`\?$/m,
    );
    assert.equal(bad.exitCode, 2);
    site.write('bad/a.json', { name: 'theirs', cron: '0 5 * * *' });
    const taken = await beamline('apply', 'bad');
    assert.match(taken.stderr, /bad\/a\.json:1:\d+ .*schedule that Beamline did not make/);
    assert.equal(taken.exitCode, 2);
  });

  it('pauses and resumes with a reason that `temporal schedule describe` shows', async () => {
    const made = 'Made by Beamline from configs/a.json. Last change: first.';
    assert.ok((await describedByTemporal()).includes(`At 02:30 (Asia/Tokyo). ${made}`));
    assert.equal((await beamline('pause', 'nightly', '--reason', 'shop moves')).exitCode, 0);
    assert.match(await describedByTemporal(), /Notes +Paused: shop moves\n *Paused +true/);
    assert.match((await beamline('list')).stdout, /^nightly {3}paused/m);
    assert.match((await beamline('plan')).stdout, /paused, and stays so: Paused: shop moves/);
    await beamline('resume', 'nightly', '--reason', 'moved');
    assert.match(await describedByTemporal(), /Notes +Resumed: moved\n *Paused +false/);
    assert.match(
      await describedByTemporal(),
      /"StaticSummary":"orders: configs\/a\.json · schedule nightly"/,
    );
  });

  it('triggers a run, and says which', async () => {
    const { run } = await json('trigger', 'nightly', '--reason', 'a look');
    const { workflow_id: id } = run as { workflow_id: string };
    assert.match(id, /^orders-nightly-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const started = await site.environment.client.workflow.getHandle(id).describe();
    assert.equal(started.type, 'runPipeline');
    assert.equal((await site.describe('nightly')).state.note, 'Triggered: a look');
    await site.environment.client.workflow.getHandle(id).terminate();
  });

  it('backfills exactly the runs of a time, in the zone of the schedule', async () => {
    const range = ['--from', '2026-03-01', '--to', '2026-03-04T02:30'];
    const { stdout, exitCode } = await beamline(
      'backfill',
      'nightly',
      ...range,
      '--overlap',
      'allow_all',
    );
    assert.equal(
      stdout,
      'nightly  3 runs to start (overlap allow_all)\n' +
        'from 2026-03-01 02:30 to 2026-03-03 02:30 (Asia/Tokyo)\n',
    );
    assert.equal(exitCode, 0);
    const { workflow } = site.environment.client;
    const ids = async (): Promise<string[]> => {
      const found: string[] = [];
      const query = 'WorkflowType = "runPipeline" AND ExecutionStatus = "Running"';
      for await (const { workflowId } of workflow.list({ query })) found.push(workflowId);
      return found.toSorted();
    };
    await until(async () => ((await ids()).length >= 3 ? true : undefined), 20_000);
    assert.deepEqual(await ids(), [
      'orders-nightly-2026-02-28T17:30:00Z',
      'orders-nightly-2026-03-01T17:30:00Z',
      'orders-nightly-2026-03-02T17:30:00Z',
    ]);
  });

  it('says at which times Temporal starts no run as clocks go back', async () => {
    const block = { name: 'each-hour', cron: '0 * * * *', timezone: 'Europe/Berlin' };
    site.write('clocks/c.json', block, { name: 'clocks' });
    const { stdout } = await beamline('plan', 'clocks');
    assert.match(
      stdout,
      /\n {4}as clocks go back, Temporal starts no run at \d{4}-10-\d\d 01:00 \(UTC\)\n/,
    );
    await beamline('apply', 'clocks');
    const day = ['--from', '2025-10-26', '--to', '2025-10-27', '--overlap', 'allow_all'];
    const { stderr } = await beamline('backfill', 'each-hour', ...day);
    assert.equal(
      stderr,
      'note: as clocks went back, Temporal starts no run at 2025-10-26 01:00 (UTC)\n',
    );
    await beamline('delete', 'each-hour');
  });

  it('asks before it starts many runs, and refuses a time that is none', async () => {
    const taken = (await site.describe('nightly')).info.numActionsTaken;
    for (const [from, to, problem] of [
      [
        '2026-01-01',
        '2026-10-01',
        /that is 273 runs\nGive --yes to start them; nothing was started/,
      ],
      ['2026-01-02', '2026-01-02', /`--from` must be before `--to`/],
      [
        '2026-01-02',
        '2999-01-02',
        /`--to` is 2999-01-02 00:00 \(Asia\/Tokyo\), which is still to come/,
      ],
      ['2026-02-30', '2026-03-02', /`--from` must be a time .* got `2026-02-30`/],
      ['yesterday', '2026-03-02', /`--from` must be a time .* got `yesterday`/],
    ] as const) {
      const { stderr, exitCode } = await beamline(
        'backfill',
        'nightly',
        '--from',
        from,
        '--to',
        to,
      );
      assert.match(stderr, problem);
      assert.equal(exitCode, 2);
    }
    assert.equal((await site.describe('nightly')).info.numActionsTaken, taken);
    const [from, to] = ['2026-03-01T03:00Z', '2026-03-01T04:00+09:00'];
    const { error } = await json('backfill', 'nightly', '--from', from, '--to', to);
    assert.match((error as { message: string }).message, /`--from` must be before `--to`/);
  });

  it('deletes a schedule, and names the one that was meant', async () => {
    await until(async () => ((await site.names()).length === 2 ? true : undefined), 10_000);
    const wrong = await beamline('delete', 'nigthly');
    assert.match(wrong.stderr, /no schedule is named `nigthly`; did you mean `nightly`\?/);
    assert.equal(wrong.exitCode, 2);
    const theirs = await beamline('delete', 'theirs');
    assert.match(theirs.stderr, /Beamline did not make\nNothing was changed\./);
    assert.equal(theirs.exitCode, 2);
    assert.equal(
      (await beamline('delete', 'nightly', '--reason', 'old')).stdout,
      'nightly  deleted\n',
    );
    await assert.rejects(site.describe('nightly'), /not found/i);
    assert.equal((await beamline('delete', 'nightly')).exitCode, 2);
  });

  it('says that Temporal cannot be reached', async () => {
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const { exitCode, stderr } = await execa(process.execPath, [main, 'schedule', 'plan'], {
      cwd: site.root,
      env: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      reject: false,
    });
    assert.match(stderr, /cannot reach Temporal at 127\.0\.0\.1:1/);
    assert.equal(exitCode, 3);
  });
});
