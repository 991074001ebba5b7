import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { readCron } from '../../src/config/values/cron.js';
import { parseConfig } from '../../src/config/document/document.js';
import { overlapPolicies } from '../../src/config/envelope/overlap-policies.js';
import { scheduleBlock } from '../../src/config/envelope/schedule-schema.js';
import { nextFireTimes } from '../../src/schedules/times/fire-times.js';
import { zoneOf } from '../../src/schedules/times/zone.js';
import { catalogue, corpus } from './support.js';

const page = readFileSync(join(packageRoot, 'docs', 'schedules.md'), 'utf8');
const block = (info: string): string =>
  new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';
const place = { file: 'a.yaml', path: join(corpus, 'a.yaml') };
const options = { root: corpus, catalogue, profile: 'profiles.json' };

/** The cells of the rows that begin with a cell of that form. */
function rows(first: RegExp): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1))
    .filter(([cell = '']) => first.test(cell));
}

describe('docs/schedules.md', () => {
  it('shows a valid config', async () => {
    const { problems } = await checkConfig(parseConfig(block('yaml config'), place), options);
    assert.deepEqual(problems, []);
  });

  it('shows the problems of a schedule as they are', async () => {
    const config = parseConfig(block('yaml config'), place).value as object;
    const schedule = parseConfig(block('yaml wrong'), place).value;
    const loaded = parseConfig(JSON.stringify({ ...config, schedule }), place);
    const { problems } = await checkConfig(loaded, options);
    assert.equal(
      problems.map(({ path, message }) => `${path.padEnd(17)}  ${message}\n`).join(''),
      block('text'),
    );
  });

  it('lists every key and every policy', () => {
    const known = [...Object.keys(scheduleBlock.shape), ...overlapPolicies];
    const listed = rows(/^[a-z_]+$/).map(([key]) => key);
    assert.deepEqual(
      listed.filter(
        (key) => !['enable', 'overlap', 'key', 'zone', 'true', 'false'].includes(key ?? ''),
      ),
      known.filter((key) => !['enable', 'overlap'].includes(key)),
    );
  });

  const nights = rows(/^[A-Z][a-z]+\/[A-Z]/);
  for (const [zone = '', cron = '', night = '', fires = ''] of nights) {
    it(`says when \`${cron}\` fires on ${night} in ${zone}`, () => {
      const read = readCron(cron);
      assert.ok('calendars' in read);
      const midnight = zoneOf(zone).timeAt(Date.parse(`${night}T00:00Z`));
      const after = new Date(midnight - 1000);
      const times = nextFireTimes(read.calendars, zoneOf(zone), { after, count: 3 })
        .filter((time) => time.getTime() < midnight + 23 * 3_600_000)
        .map((time) => time.toISOString().slice(11, 16));
      assert.equal(times.join(', ') || 'never', fires);
    });
  }

  it('shows nights in three zones at least', () => {
    assert.ok(new Set(nights.map(([zone]) => zone)).size >= 3);
  });
});
