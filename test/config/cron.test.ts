import assert from 'node:assert/strict';
import { readCron } from '../../src/config/values/cron.js';

describe('a cron', () => {
  const right: [text: string, days: number][] = [
    ['0 3 * * *', 1],
    ['  */15   0-23/2 1,15 JAN-mar *', 1],
    ['59 23 31 december *', 1],
    ['0 0 * * 7', 1],
    ['0 0 * * Sunday', 1],
    ['@daily', 1],
    ['@annually', 1],
    ['0 0 29 2 *', 1],
    ['0 0 */2 * 1', 1],
    ['0 0 1 * 1', 2],
    ['0 0 31 2 1', 1],
  ];
  for (const [text, count] of right) {
    it(`may be \`${text}\``, () => {
      const read = readCron(text);
      assert.ok('calendars' in read, JSON.stringify(read));
      assert.equal(read.calendars.length, count);
    });
  }

  it('lists what its fields match, Sunday as 0', () => {
    assert.deepEqual(readCron('5-20/5,7 22,23 1-3 */6 fri,5-7'), {
      calendars: [
        {
          minute: [5, 7, 10, 15, 20],
          hour: [22, 23],
          dayOfMonth: [1, 2, 3],
          month: [1, 7],
          dayOfWeek: [0, 1, 2, 3, 4, 5, 6],
        },
        {
          minute: [5, 7, 10, 15, 20],
          hour: [22, 23],
          dayOfMonth: Array.from({ length: 31 }, (_, index) => index + 1),
          month: [1, 7],
          dayOfWeek: [0, 5, 6],
        },
      ],
    });
  });

  const wrong: [text: string, problem: RegExp][] = [
    ['', /has no field; a cron has five: minute, hour, day of month, month, day of week$/],
    ['0 0 * *', /has 4 fields; a cron has five/],
    ['0 0 0 * * *', /has 6 fields; .*seconds and years do not exist$/],
    ['0 0 0 * * * 2027', /has 7 fields/],
    ['60 0 * * *', /: minute is 60, allowed 0-59$/],
    ['-1 0 * * *', /: minute is `-1`, allowed 0-59$/],
    ['0 24 * * *', /: hour is 24, allowed 0-23$/],
    ['0 0 0 * *', /: day of month is 0, allowed 1-31$/],
    ['0 0 32 * *', /: day of month is 32, allowed 1-31$/],
    ['0 0 1 13 *', /: month is 13, allowed 1-12 or JAN-DEC$/],
    ['0 0 1 fbe *', /: month is fbe, allowed .*; did you mean `FEB`\?$/],
    ['0 0 * * 8', /: day of week is 8, allowed 0-7 or SUN-SAT$/],
    ['0 0 * * thurday', /: day of week is thurday, .*did you mean `thursday`\?$/],
    ['0 0 ? * *', /: day of month is `\?`, allowed 1-31$/],
    ['0 0 L * *', /: day of month is L, allowed 1-31$/],
    ['0 0 15W * *', /: day of month is 15W, allowed 1-31$/],
    ['0 0 * * 5#3', /`#` is not allowed/],
    ['0 0 * * 1 # note', /`#` is not allowed/],
    ['5/15 * * * *', /: minute is `5\/15`, .*write 5-59\/15$/],
    ['*/0 * * * *', /: minute is `\*\/0`: its step is 0, allowed 1-59$/],
    ['*/90 * * * *', /: minute is `\*\/90`: its step is 90, allowed 1-59$/],
    ['0 22-2 * * *', /: hour is `22-2`, which ends before it begins; write 22-23,0-2$/],
    ['0 0 * * fri-sun', /: day of week is `fri-sun`, .*write 5-7$/],
    ['0, 0 * * *', /: minute is empty/],
    ['0 0 1- * *', /: day of month is `1-`, allowed 1-31$/],
    ['0 0 1-2-3 * *', /: day of month is `1-2-3`/],
    ['0 1/2/3 * * *', /: hour is `1\/2\/3`/],
    ['+5 0 * * *', /: minute is `\+5`/],
    ['0 0 31 4,6 *', /: never happens/],
    ['@every 1h', /`@every` is not allowed/],
    ['@Daily', /unknown word; did you mean `@daily`\?/],
    ['@reboot', /unknown word;.* allowed @yearly/],
    ['CRON_TZ=Asia/Tokyo 0 0 * * *', /set `timezone` beside it/],
    ['TZ=UTC 0 0 * * *', /set `timezone` beside it/],
    [`${'1,'.repeat(150)}1 0 * * *`, /has 309 characters, allowed 200/],
  ];
  for (const [text, problem] of wrong) {
    it(`may not be \`${text.slice(0, 40)}\``, () => {
      const read = readCron(text);
      assert.ok('problem' in read);
      assert.match(read.problem, problem);
      assert.ok(read.problem.startsWith(`\`${text}\``));
    });
  }
});
