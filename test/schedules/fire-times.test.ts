import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Cron } from 'croner';
import * as fc from 'fast-check';
import { readCron, type Calendar } from '../../src/config/values/cron.js';
import { nextFireTimes } from '../../src/schedules/times/fire-times.js';
import { calendarSpecs } from '../../src/schedules/spec.js';
import { zoneOf } from '../../src/schedules/times/zone.js';
import { startTemporal } from '../support/stack.js';

/** Nights in which clocks are moved, and days on which nothing happens. */
const nights: Record<string, string[]> = {
  'Europe/Berlin': [
    '2027-03-27T20:00:00Z',
    '2027-10-30T20:00:00Z',
    '2027-10-31T00:30:30Z',
    '2027-10-31T01:15:00Z',
  ],
  'America/New_York': ['2027-03-13T20:00:00Z', '2027-11-06T20:00:00Z', '2027-11-07T05:45:00Z'],
  // Half an hour.
  'Australia/Lord_Howe': ['2027-04-03T10:00:00Z', '2027-10-02T10:00:00Z'],
  // At midnight, to the day before.
  'America/Santiago': ['2027-04-03T10:00:00Z', '2027-09-04T10:00:00Z'],
  'Europe/London': ['2027-10-30T20:00:00Z'],
  'Asia/Kathmandu': ['2027-01-01T00:00:00Z'],
};

const crons = [
  '30 1 * * *',
  '30 2 * * *',
  '0,30 2 * * *',
  '15 2 * * *',
  '45 1 * * *',
  '*/20 0-3 * * *',
  '0 * * * *',
  '0 5 * * SUN',
  '0 0 * * *',
  '15,45 1,2 * * 0',
  '0 0 1 * 1',
  '*/7 1-2 */3 3-4,9-11 *',
];

describe('fire times', function () {
  this.timeout(60_000);

  describe('as Temporal’s server has them', () => {
    let environment: TestWorkflowEnvironment;
    before(async () => {
      environment = await startTemporal();
    });
    after(() => environment?.teardown());

    let schedules = 0;
    /** The next ten times of a schedule that begins then. */
    async function server(
      spec: { cronExpressions: string[] } | { calendars: ReturnType<typeof calendarSpecs> },
      timezone: string,
      startAt: Date,
    ): Promise<string[]> {
      const handle = await environment.client.schedule.create({
        scheduleId: `times-${++schedules}`,
        spec: { ...spec, timezone, startAt },
        action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
      });
      const { info } = await handle.describe();
      return info.nextActionTimes.map((time) => time.toISOString());
    }

    for (const [zone, starts] of Object.entries(nights)) {
      for (const start of starts) {
        it(`from ${start} in ${zone}`, async () => {
          for (const cron of crons) {
            const startAt = new Date(start);
            const calendars = calendarsOf(cron);
            const specs = calendarSpecs({ text: cron, calendars });
            const theirs = await server({ calendars: specs }, zone, startAt);
            const after = new Date(startAt.getTime() - 1000);
            const ours = nextFireTimes(calendars, zoneOf(zone), { after, count: 10 });
            assert.deepEqual(
              ours.map((time) => time.toISOString()),
              theirs,
              `${cron} in ${zone}`,
            );
            assert.equal(theirs.length, 10);
          }
        });
      }
    }

    it('for each form of a cron that is allowed, read by the server itself', async () => {
      const startAt = new Date('2027-01-01T00:00:00Z');
      for (const cron of [
        '@hourly',
        '@daily',
        '@midnight',
        '@weekly',
        '@monthly',
        '@yearly',
        '@annually',
        '0 0 * * 7',
        '0 0 * * 5-7',
        '0 0 * * 1-7/2',
        '0 0 * * sun,SATURDAY',
        '0 0 1 feb-APR,december *',
        '5-20/5,7 22,23 */10 */6 *',
        '0 0 29 2 *',
        '0 0 */2 * 1',
      ]) {
        const after = new Date(startAt.getTime() - 1000);
        const ours = nextFireTimes(calendarsOf(cron), zoneOf('UTC'), { after, count: 10 });
        assert.deepEqual(
          ours.map((time) => time.toISOString()),
          await server({ cronExpressions: [cron] }, 'UTC', startAt),
          cron,
        );
      }
    });
  });

  it('are those of croner, where clocks are not moved', () => {
    const fields = fc.tuple(list(0, 59), list(0, 23), list(1, 28), list(1, 12), list(0, 6));
    const start = fc.date({
      min: new Date('2026-01-01T00:00:00Z'),
      max: new Date('2030-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fields, start, ([minute, hour, day, month, weekday], after) => {
        // Croner takes a field with a step for a restricted one; crontab(5) and Temporal do not.
        const free = day.startsWith('*/') || weekday.startsWith('*/') ? '*' : weekday;
        const cron = [minute, hour, day, month, free].join(' ');
        const ours = nextFireTimes(calendarsOf(cron), zoneOf('UTC'), { after, count: 3 });
        const theirs = new Cron(cron, { timezone: 'UTC' }).nextRuns(3, after);
        assert.deepEqual(ours, theirs, cron);
      }),
      { numRuns: 300 },
    );
  });

  it('end where there is none', () => {
    const never: Calendar = { ...calendarsOf('0 0 1 1 *')[0]!, dayOfMonth: [31], month: [2] };
    const after = new Date('2027-01-01T00:00:00Z');
    assert.deepEqual(nextFireTimes([never], zoneOf('UTC'), { after, count: 5 }), []);
    assert.deepEqual(nextFireTimes([], zoneOf('UTC'), { after, count: 5 }), []);
  });
});

function calendarsOf(text: string): Calendar[] {
  const read = readCron(text);
  assert.ok('calendars' in read, text);
  return read.calendars;
}

/** A field of a cron. */
function list(least: number, most: number): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 2, max: most }).map((step) => `*/${step}`),
    fc
      .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 })
      .map(String),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  );
}
