import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/document/document.js';
import { formatPath } from '../../src/config/document/problems.js';
import { stepsOf } from '../../src/config/envelope/steps.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { dependsOnZone } from '../../src/migrate/cron-zone.js';
import { findingKinds } from '../../src/migrate/finding.js';
import { rules } from '../../src/migrate/rules.js';

interface Parts {
  source?: object;
  transform?: object;
  sink?: object;
  more?: object;
}

/** What the rules say, as `kind rule path`, of a config that means the same but for these parts. */
function told({ source = {}, transform, sink = {}, more = {} }: Parts): string[] {
  const text = JSON.stringify({
    name: 'orders',
    sources: [{ name: 'rows', module: 'postgres', parameters: { query: 'select 1;' }, ...source }],
    ...(transform && { transforms: [{ name: 'sum', inputs: ['rows'], ...transform }] }),
    sinks: [{ name: 'out', module: 'bigquery', input: 'rows', on_empty: 'keep', ...sink }],
    ...more,
  });
  const loaded = parseConfig(text, { file: 'orders.json', path: '/orders.json', json: true });
  const steps = stepsOf(loaded.value);
  return rules.flatMap(({ kind, name, judge }) =>
    judge({ loaded, steps }).map(({ path }) => `${kind} ${name} ${formatPath(path)}`),
  );
}

/** One config per rule that it speaks of. */
const examples: readonly (readonly [string, Parts, string[]])[] = [
  ['has nothing to say of what means the same', {}, []],
  [
    'a run without rows empties a table that is replaced',
    { sink: { on_empty: undefined } },
    ['fixed empty-result sinks[0]'],
  ],
  [
    'a config without a name has that of its file',
    { more: { name: undefined } },
    ['note pipeline-name '],
  ],
  [
    'a merge is one commit, and its keys may stand under the parameters',
    { sink: { mode: 'merge', parameters: { merge_keys: ['id'] } } },
    ['fixed merge sinks[0].mode', 'note merge-keys sinks[0].parameters.merge_keys'],
  ],
  [
    'the first run of an incremental source reads everything',
    { source: { incremental: true, parameters: { incremental_column: 'at' } } },
    ['fixed first-load sources[0].incremental'],
  ],
  [
    'an append by a date leaves the day of the run to the next one',
    {
      source: { incremental: true, parameters: { incremental_column: 'day' } },
      sink: { mode: 'append' },
    },
    [
      'fixed first-load sources[0].incremental',
      'note day-of-the-run sources[0].parameters.incremental_column',
    ],
  ],
  [
    'an interval was counted on the clocks of Tokyo, and asks no sink',
    {
      source: {
        incremental: true,
        parameters: { incremental_interval_from: '7day', destination_sink_name: 'out' },
      },
    },
    [
      'changes interval-zone sources[0].parameters.incremental_interval_from',
      'ignored destination-sink sources[0].parameters.destination_sink_name',
    ],
  ],
  [
    'an interval means the same on these clocks',
    {
      source: { incremental: true, parameters: { incremental_interval_from: '7day' } },
      more: { timezone: 'Asia/Tokyo' },
    },
    [],
  ],
  [
    'a file of SQL is read',
    { source: { parameters: { query: 'sql/orders.sql' } } },
    ['fixed sql-file sources[0].parameters.query'],
  ],
  [
    'beamsql needs no Java',
    { transform: { module: 'beamsql', parameters: { sql: 'select 1' } } },
    ['note beamsql transforms[0].module'],
  ],
  [
    'a schedule fired on the clocks of Tokyo, on Dataflow, if it could be made',
    { more: { schedule: { name: 'a', cron: '0 3 * * *', enable: 'true' } } },
    [
      'changes schedule-zone schedule.cron',
      'fixed schedule schedule',
      'note schedule-runner schedule',
    ],
  ],
  [
    'of several crons those that the zone moves',
    { more: { runner: 'dataflow', schedule: { name: 'a', cron: ['*/5 * * * *', '0 3 * * *'] } } },
    ['changes schedule-zone schedule.cron[1]', 'fixed schedule schedule'],
  ],
  [
    'a schedule that is not to be has no zone',
    { more: { schedule: { name: 'a', cron: '0 3 * * *', enable: 'false' } } },
    ['fixed schedule schedule'],
  ],
  [
    'a schedule may have a zone of its own',
    { more: { runner: 'local', schedule: { cron: '0 3 * * *', timezone: 'UTC' } } },
    ['fixed schedule schedule'],
  ],
];

describe('the rules of beamline migrate', () => {
  for (const [sentence, parts, expected] of examples) {
    it(`say: ${sentence}`, () => {
      assert.deepEqual(told(parts), expected);
    });
  }

  it('are each shown by one of these examples', () => {
    const shown = examples.flatMap(([, , lines]) => lines.map((line) => line.split(' ')[1]));
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !shown.includes(name)),
      [],
    );
  });

  it('know which fields of a cron a zone moves', () => {
    const moved = ['0 9 * * *', '0 * 1 * *', '0 * * 6 *', '0 * * * 0', '0 */2 * * *'];
    const still = ['0 * * * *', '*/7 * * * *', '5 */1 * * *'];
    assert.deepEqual([...moved, ...still].filter(dependsOnZone), moved);
  });

  it('find nothing in a config that is no mapping, or whose parts have other types', () => {
    for (const text of ['[]', '3', '{"sinks": 3, "schedule": [1]}', '{"schedule": {"cron": 5}}']) {
      const loaded = parseConfig(text, { file: 'a.json', path: '/a.json', json: true });
      const steps = stepsOf(loaded.value);
      for (const { name, judge } of rules) assert.deepEqual(judge({ loaded, steps }), [], name);
    }
  });

  it('are the tables of the documentation', () => {
    const page = readFileSync(
      join(packageRoot, 'docs', 'coming-from-pydataflow-template.md'),
      'utf8',
    );
    const text = page.replaceAll(/ {2,}/g, ' ');
    const rows = [
      ...Object.entries(findingKinds).map(([kind, about]) => `| \`${kind}\` | ${about} |`),
      ...rules.map(({ name, kind, about }) => `| \`${name}\` | \`${kind}\` | ${about} |`),
    ];
    assert.deepEqual(
      rows.filter((row) => !text.includes(row)),
      [],
    );
  });
});
