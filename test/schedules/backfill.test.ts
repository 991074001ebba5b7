import assert from 'node:assert/strict';
import { readCron } from '../../src/config/values/cron.js';
import { backfillRange, timeOf, timesIn } from '../../src/schedules/times/backfill-range.js';
import { leftOutWords, timesLeftOut } from '../../src/schedules/times/left-out.js';
import { until } from '../../src/schedules/times/until.js';
import { cronWords } from '../../src/schedules/words.js';
import { zoneOf } from '../../src/schedules/times/zone.js';
import { startSite, type Site } from './site.js';

function scheduleOf(cron: string, timezone: string) {
  const read = readCron(cron);
  assert.ok('calendars' in read);
  return { crons: [{ text: cron, calendars: read.calendars }], timezone };
}

describe('a time of the command line', () => {
  const times: [text: string, zone: string, expected: string | undefined][] = [
    ['2026-11-01', 'UTC', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01', 'Asia/Tokyo', '2026-10-31T15:00:00.000Z'],
    ['2026-11-01T03:00', 'America/New_York', '2026-11-01T08:00:00.000Z'],
    ['2026-11-01 03:00:30', 'UTC', '2026-11-01T03:00:30.000Z'],
    ['2026-11-01T03:00Z', 'Asia/Tokyo', '2026-11-01T03:00:00.000Z'],
    ['2026-11-01T03:00+05:30', 'Asia/Tokyo', '2026-10-31T21:30:00.000Z'],
    // Clocks skip it.
    ['2027-03-28T02:30', 'Europe/Berlin', undefined],
    ['2026-02-30', 'UTC', undefined],
    ['2026-11-01T25:00', 'UTC', undefined],
    ['2026-11-01T25:00Z', 'UTC', undefined],
    ['2026-11-01T03:00+99:00', 'UTC', undefined],
    ['now', 'UTC', undefined],
    ['', 'UTC', undefined],
  ];
  for (const [text, zone, expected] of times) {
    it(`\`${text}\` in ${zone} is ${expected ?? 'none'}`, () => {
      assert.equal(timeOf(text, zoneOf(zone))?.toISOString(), expected);
    });
  }
});

describe('the range of a backfill', () => {
  const from = new Date('2026-11-01T00:00:00Z');
  const to = new Date('2026-11-03T00:00:00Z');

  it('has its start, and not its end', () => {
    const daily = scheduleOf('0 0 * * *', 'UTC');
    assert.deepEqual(
      timesIn(daily, { from, to }).map((time) => time.toISOString()),
      ['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'],
    );
    assert.deepEqual(timesIn(daily, { from, to }, 1).length, 1);
    assert.deepEqual(timesIn(daily, { from: to, to }), []);
  });

  it('lies between times, so that it is the same for every server', () => {
    const range = backfillRange(scheduleOf('0 0 * * *', 'UTC'), { from, to });
    assert.deepEqual(
      [range.start.toISOString(), range.end.toISOString()],
      ['2026-10-31T23:59:59.500Z', '2026-11-02T23:59:59.999Z'],
    );
  });
});

function leftOut(cron: string, zone: string, from: string, to: string): string[] {
  return timesLeftOut(scheduleOf(cron, zone), { from: new Date(from), to: new Date(to) }).map(
    (time) => time.toISOString().slice(5, 16),
  );
}

describe('the times that Temporal leaves out as clocks go back', () => {
  for (const [cron, zone, expected] of [
    ['*/30 * * * *', 'Europe/Berlin', ['10-25T00:30', '10-25T01:00']],
    ['0 * * * *', 'Europe/Berlin', ['10-25T01:00']],
    ['0 */2 * * *', 'Europe/Berlin', []],
    ['30 2 * * *', 'Europe/Berlin', []],
    ['*/30 * * * *', 'America/New_York', []],
    ['*/30 * * * 1-5', 'Europe/Berlin', []],
    ['*/30 * * * *', 'UTC', []],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      ['04-04T14:30', '04-04T14:45', '04-04T15:15', '04-04T15:30', '04-04T15:45', '04-04T16:00'],
    ],
  ] as const) {
    it(`of \`${cron}\` in ${zone} are ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(leftOut(cron, zone, '2026-01-01', '2027-01-01'), expected);
    });
  }

  it('are those within the range', () => {
    assert.deepEqual(
      leftOut('*/30 * * * *', 'Europe/Berlin', '2026-10-25T01:00Z', '2026-10-25T02:00Z'),
      ['10-25T01:00'],
    );
    assert.deepEqual(leftOut('*/30 * * * *', 'Europe/Berlin', '2026-10-26', '2026-11-26'), []);
  });

  it('are shown with their days, and their number where they are many', () => {
    const times = timesLeftOut(scheduleOf('*/5 * * * *', 'Europe/Berlin'), {
      from: new Date('2026-10-01'),
      to: new Date('2026-11-01'),
    });
    assert.match(
      leftOutWords(times),
      /^2026-10-25 00:\d\d, 00:\d\d, 00:\d\d, 00:\d\d and \d+ more times \(UTC\)$/,
    );
  });
});

describe('a cron in words', () => {
  for (const [cron, words] of [
    ['0 3 * * 1-5', 'At 03:00, Monday through Friday'],
    ['@daily', 'At 00:00'],
    ['0 0 1 * 1', 'At 00:00, on day 1 of the month, or At 00:00, only on Monday'],
  ] as const) {
    it(`says \`${cron}\` as: ${words}`, () => {
      assert.equal(cronWords(scheduleOf(cron, 'UTC').crons[0] ?? assert.fail()), words);
    });
  }
});

describe('a backfill', function () {
  this.timeout(60_000);
  let site: Site;
  before(async () => {
    site = await startSite();
  });
  after(() => site?.end());

  it('starts each run once, those that jitter moves out of the range, too', async () => {
    const block = { name: 'jittered', cron: '0 * * * *', jitter: '50m', timezone: 'Asia/Tokyo' };
    site.write('configs/a.json', block);
    await site.apply();
    await site.schedules.backfill('jittered', {
      from: new Date('2026-03-01T00:00:00Z'),
      to: new Date('2026-03-01T06:00:00Z'),
      overlap: 'allow_all',
      reason: 'the table was dropped',
    });
    const { workflow } = site.environment.client;
    const ids = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { workflowId } of workflow.list({ query: 'WorkflowType = "runPipeline"' })) {
        found.push(workflowId.slice('orders-jittered-'.length));
      }
      return found.toSorted();
    };
    await until(async () => ((await ids()).length >= 6 ? true : undefined), 20_000);
    assert.deepEqual(
      await ids(),
      [0, 1, 2, 3, 4, 5].map((hour) => `2026-03-01T0${hour}:00:00Z`),
    );
    assert.equal((await site.describe('jittered')).state.note, 'Backfilled: the table was dropped');
  });

  it('starts the runs that are said, also where it begins in an hour that clocks show again', async () => {
    const block = { name: 'berlin', cron: '*/30 * * * *', timezone: 'Europe/Berlin' };
    site.write('configs/b.json', block, { name: 'berlin' });
    await site.apply();
    const range = {
      from: new Date('2026-10-25T00:30:00Z'),
      to: new Date('2026-10-25T03:00:00Z'),
    };
    const said = timesIn(scheduleOf(block.cron, block.timezone), range);
    await site.schedules.backfill('berlin', { ...range, overlap: 'allow_all' });
    const ids = async (): Promise<string[]> => {
      const found: string[] = [];
      const query = 'WorkflowId STARTS_WITH "berlin-berlin-"';
      for await (const { workflowId } of site.environment.client.workflow.list({ query })) {
        found.push(workflowId.slice('berlin-berlin-'.length));
      }
      return found.toSorted();
    };
    const started = await until(
      async () => ((await ids()).length >= 3 ? ids() : undefined),
      20_000,
    );
    assert.deepEqual(
      started,
      said.map((time) => time.toISOString().replace('.000Z', 'Z')),
    );
  });
});
