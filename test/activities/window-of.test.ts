import assert from 'node:assert/strict';
import { NoWindow, type WindowFacts } from '../../src/activities/windows/window-facts.js';
import { windowOf } from '../../src/activities/windows/window-of.js';
import type { CursorType, RecordedCursor, SourceWindow } from '../../src/shared/run/window.js';

const noon = new Date('2026-03-10T12:00:00Z');

type Change = Omit<Partial<WindowFacts>, 'incremental'> & {
  incremental?: Partial<WindowFacts['incremental']>;
};

function facts({ incremental, ...change }: Change): WindowFacts {
  return {
    incremental: {
      column: 'at',
      from: 'max_value_in_destination',
      destination_sink: 'warehouse',
      lag: null,
      initial_value: null,
      ...incremental,
    },
    modes: ['append'],
    time: noon,
    timezone: 'UTC',
    probe: { type: 'timestamptz', max: null },
    recorded: [],
    max: null,
    others: {},
    ...change,
  };
}

const of = (type: CursorType, max: string | null = null) => ({ probe: { type, max } });
const greatest = (type: CursorType, value: string) => ({ type, value });
const recorded = (type: CursorType, next: string): RecordedCursor => ({ column: 'at', type, next });

/** `low..high > next`, as the window is written in the tables below. */
function short({ low, low_inclusive, high, next, basis }: SourceWindow): string {
  const begin = low === null ? 'begin' : `${low_inclusive ? '[' : '('}${low}`;
  return `${begin} .. ${high}${next === high ? '' : ` > ${next}`} ${basis}`;
}

const merge = { modes: ['merge'] as const };
/** A destination that another pipeline publishes to, too. */
const shared: Change = {
  max: { type: 'timestamptz', value: '2026-03-08T00:00:00.000001Z' },
  others: { 'west.orders': recorded('timestamptz', '2026-03-09T00:00:00.000000Z') },
};
const tokyo = { timezone: 'Asia/Tokyo' };

const cases: [string, Change, string][] = [
  [
    'a first load reads everything up to the run',
    {},
    'begin .. 2026-03-10T12:00:00.000000Z everything',
  ],
  [
    'a first load begins with `initial_value`',
    { incremental: { initial_value: '2026-03-01' } },
    '[2026-03-01T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z initial_value',
  ],
  [
    'a record goes before the destination',
    {
      recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z')],
      max: { type: 'timestamptz', value: '2026-03-08T00:00:00.000000Z' },
    },
    '[2026-03-09T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'of several sinks the one that lags behind counts',
    {
      recorded: [
        recorded('timestamptz', '2026-03-09T00:00:00.000000Z'),
        recorded('timestamptz', '2026-03-07T00:00:00.000000Z'),
      ],
    },
    '[2026-03-07T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'so it does in whatever order they stand',
    {
      recorded: [
        recorded('timestamptz', '2026-03-07T00:00:00.000000Z'),
        recorded('timestamptz', '2026-03-09T00:00:00.000000Z'),
      ],
    },
    '[2026-03-07T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'a merge begins anew where a sink has no record: that one lacks everything',
    { ...merge, recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z'), null] },
    'begin .. 2026-03-10T12:00:00.000000Z everything',
  ],
  [
    'it begins where the destination without a record ends, if that is further back',
    {
      ...merge,
      recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z'), null],
      max: greatest('timestamptz', '2026-03-01T00:00:00.000000Z'),
    },
    '[2026-03-01T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z destination',
  ],
  [
    'else where the record of the other one does: neither lacks a row',
    {
      ...merge,
      recorded: [null, recorded('timestamptz', '2026-03-01T00:00:00.000000Z')],
      max: greatest('timestamptz', '2026-03-09T00:00:00.000000Z'),
    },
    '[2026-03-01T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'an append does not: the other sink has those rows',
    { recorded: [null, recorded('timestamptz', '2026-03-09T00:00:00.000000Z')] },
    '[2026-03-09T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'where other sources have rows, a merge reads everything: the greatest value may be one of theirs',
    { ...merge, ...shared },
    'begin .. 2026-03-10T12:00:00.000000Z everything',
  ],
  [
    'where other sources have rows, an append begins with `initial_value`',
    { ...shared, incremental: { initial_value: '2026-03-01' } },
    '[2026-03-01T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z initial_value',
  ],
  [
    'where other sources have rows, and this one a record, the record counts',
    { ...shared, recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z')], max: null },
    '[2026-03-09T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'an append begins behind the greatest value of a destination without a record',
    { max: { type: 'timestamptz', value: '2026-03-08T00:00:00.000001Z' } },
    '(2026-03-08T00:00:00.000001Z .. 2026-03-10T12:00:00.000000Z destination',
  ],
  [
    'so does the next one, though this one ends with that value: an integer with a lag',
    {
      ...of('integer', '101'),
      incremental: { lag: { count: 2 } },
      max: greatest('integer', '101'),
    },
    '(101 .. 102 destination',
  ],
  [
    'the same of the day of the run',
    { ...of('date'), max: greatest('date', '2026-03-10') },
    '(2026-03-10 .. 2026-03-11 destination',
  ],
  [
    'the same of timestamps within the lag',
    {
      ...of('timestamp'),
      incremental: { lag: { ms: 3_600_000 } },
      max: greatest('timestamp', '2026-03-10T11:30:00.000000'),
    },
    '(2026-03-10T11:30:00.000000 .. 2026-03-10T11:30:00.000001 destination',
  ],
  [
    'the same of timestamps with a zone',
    {
      incremental: { lag: { ms: 3_600_000 } },
      max: greatest('timestamptz', '2026-03-10T11:30:00.999999Z'),
    },
    '(2026-03-10T11:30:00.999999Z .. 2026-03-10T11:30:01.000000Z destination',
  ],
  [
    'a merge begins with it: what has the same value may be missing',
    { ...merge, max: { type: 'timestamptz', value: '2026-03-08T00:00:00.000001Z' } },
    '[2026-03-08T00:00:00.000001Z .. 2026-03-10T12:00:00.000000Z destination',
  ],
  [
    'a destination in wall clock time is read in the zone of the pipeline',
    { ...tokyo, max: { type: 'timestamp', value: '2026-03-08T09:00:00.000000' } },
    '(2026-03-08T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z destination',
  ],
  [
    'timestamps without a zone end at the wall clock of the pipeline',
    { ...tokyo, ...of('timestamp') },
    'begin .. 2026-03-10T21:00:00.000000 everything',
  ],
  [
    'an append of dates leaves the day that is not over',
    { ...of('date'), recorded: [recorded('date', '2026-03-08')] },
    '[2026-03-08 .. 2026-03-10 record',
  ],
  [
    'a merge of dates reads the day so far, and again the next time',
    { ...merge, ...of('date'), recorded: [recorded('date', '2026-03-08')] },
    '[2026-03-08 .. 2026-03-11 > 2026-03-10 record',
  ],
  [
    'the day is that of the zone',
    { time: new Date('2026-03-10T16:00:00Z'), ...tokyo, ...merge, ...of('date') },
    'begin .. 2026-03-12 > 2026-03-11 everything',
  ],
  ['integers end with the greatest one', of('integer', '41'), 'begin .. 42 everything'],
  [
    'no integer yet: the window is empty, and the next one begins before all of them',
    of('integer'),
    'begin .. -9223372036854775808 everything',
  ],
  [
    'integers begin where the last window ended',
    { ...of('integer', '120'), recorded: [recorded('integer', '101')] },
    '[101 .. 121 record',
  ],
  [
    'a source that lost its greatest row: an empty window that does not go back',
    { ...of('integer', '50'), recorded: [recorded('integer', '101')] },
    '[101 .. 101 record',
  ],
  [
    'an append waits for rows that may come late',
    {
      incremental: { lag: { ms: 600_000 } },
      recorded: [recorded('timestamptz', '2026-03-10T11:00:00.000000Z')],
    },
    '[2026-03-10T11:00:00.000000Z .. 2026-03-10T11:50:00.000000Z record',
  ],
  [
    'a merge looks back for them',
    {
      ...merge,
      incremental: { lag: { ms: 600_000 } },
      recorded: [recorded('timestamptz', '2026-03-10T11:00:00.000000Z')],
    },
    '[2026-03-10T10:50:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    'a lag of integers',
    {
      ...of('integer', '120'),
      incremental: { lag: { count: 10 } },
      recorded: [recorded('integer', '101')],
    },
    '[101 .. 111 record',
  ],
  [
    'an interval counts back from the run',
    { ...merge, incremental: { from: { count: 15, unit: 'min' } } },
    '[2026-03-10T11:45:00.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'an interval is of any unit',
    { ...merge, incremental: { from: { count: 90, unit: 's' } } },
    '[2026-03-10T11:58:30.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'an interval leaves no gap after missed runs',
    {
      ...merge,
      incremental: { from: { count: 15, unit: 'min' } },
      recorded: [recorded('timestamptz', '2026-03-10T09:00:00.000000Z')],
    },
    '[2026-03-10T09:00:00.000000Z .. 2026-03-10T12:00:00.000000Z record',
  ],
  [
    "an interval of days begins with a day, the run's own being the first",
    { ...merge, ...tokyo, ...of('date'), incremental: { from: { count: 120, unit: 'day' } } },
    '[2025-11-11 .. 2026-03-11 > 2026-03-10 interval',
  ],
  [
    'an interval of days on instants begins at midnight in the zone',
    { ...merge, ...tokyo, incremental: { from: { count: 1, unit: 'day' } } },
    '[2026-03-09T15:00:00.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'a given window goes before everything, and does not take the record back',
    {
      given: { start: '2026-03-01', end: '2026-03-02' },
      recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z')],
    },
    '[2026-03-01T00:00:00.000000Z .. 2026-03-02T00:00:00.000000Z > 2026-03-09T00:00:00.000000Z given',
  ],
  [
    'a given window that leaves rows out leaves the record where it is: the next one reads them',
    {
      ...merge,
      given: { start: '2026-03-05', end: '2026-03-06' },
      recorded: [recorded('timestamptz', '2026-03-01T00:00:00.000000Z')],
    },
    '[2026-03-05T00:00:00.000000Z .. 2026-03-06T00:00:00.000000Z > 2026-03-01T00:00:00.000000Z given',
  ],
  [
    'one that begins where the record ends moves it',
    {
      given: { start: '2026-03-05', end: '2026-03-06' },
      recorded: [recorded('timestamptz', '2026-03-05T00:00:00.000000Z')],
    },
    '[2026-03-05T00:00:00.000000Z .. 2026-03-06T00:00:00.000000Z given',
  ],
  [
    'a first one may begin anywhere',
    { given: { start: '2026-03-05', end: '2026-03-06' } },
    '[2026-03-05T00:00:00.000000Z .. 2026-03-06T00:00:00.000000Z given',
  ],
  [
    'one goes on where a record by another column says nothing',
    {
      given: { start: '2026-03-05' },
      recorded: [{ column: 'created', type: 'date', next: '2026-03-09' }],
    },
    '[2026-03-05T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z given',
  ],
  [
    'a run that was late by hours reads the same: the time is that of its schedule',
    {
      time: new Date('2026-03-10T03:00:00Z'),
      recorded: [recorded('timestamptz', '2026-03-10T02:00:00.000000Z')],
    },
    '[2026-03-10T02:00:00.000000Z .. 2026-03-10T03:00:00.000000Z record',
  ],
  // Berlin's clocks go back from 3:00 to 2:00 on 25 October 2026, at 1:00 UTC.
  [
    'in the hour before clocks go back a window ends where that hour begins again',
    { time: new Date('2026-10-25T00:30:00Z'), timezone: 'Europe/Berlin', ...of('timestamp') },
    'begin .. 2026-10-25T02:00:00.000000 everything',
  ],
  [
    'in the repeated hour it goes on from there',
    {
      time: new Date('2026-10-25T01:30:00Z'),
      timezone: 'Europe/Berlin',
      ...of('timestamp'),
      recorded: [recorded('timestamp', '2026-10-25T02:00:00.000000')],
    },
    '[2026-10-25T02:00:00.000000 .. 2026-10-25T02:30:00.000000 record',
  ],
  [
    'an hour that is skipped is no window',
    {
      time: new Date('2026-03-29T01:00:00Z'),
      timezone: 'Europe/Berlin',
      ...of('timestamp'),
      recorded: [recorded('timestamp', '2026-03-29T01:30:00.000000')],
    },
    '[2026-03-29T01:30:00.000000 .. 2026-03-29T03:00:00.000000 record',
  ],
  [
    'an interval of hours counts hours',
    { ...merge, incremental: { from: { count: 2, unit: 'hour' } } },
    '[2026-03-10T10:00:00.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'an interval is not made shorter by a window that ended within it',
    {
      ...merge,
      incremental: { from: { count: 1, unit: 'hour' }, lag: { ms: 60_000 } },
      recorded: [recorded('timestamptz', '2026-03-10T11:30:00.000000Z')],
    },
    '[2026-03-10T11:00:00.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'nor does it look back behind one that ended just where it begins',
    {
      ...merge,
      incremental: { from: { count: 1, unit: 'hour' }, lag: { ms: 60_000 } },
      recorded: [recorded('timestamptz', '2026-03-10T11:00:00.000000Z')],
    },
    '[2026-03-10T11:00:00.000000Z .. 2026-03-10T12:00:00.000000Z interval',
  ],
  [
    'a destination without a record that ends where the record of another does is told as it is',
    {
      ...merge,
      recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z'), null],
      max: greatest('timestamptz', '2026-03-09T00:00:00.000000Z'),
    },
    '[2026-03-09T00:00:00.000000Z .. 2026-03-10T12:00:00.000000Z destination',
  ],
  [
    'a merge by an integer looks back by its lag',
    {
      ...merge,
      ...of('integer', '900'),
      incremental: { lag: { count: 50 } },
      recorded: [recorded('integer', '500')],
    },
    '[450 .. 901 record',
  ],
];

const refusals: [string, Change, RegExp][] = [
  [
    'a record by another column',
    { recorded: [{ column: 'created', type: 'timestamptz', next: '2026-01-01T00:00:00.000000Z' }] },
    /read by `created` .*--window/,
  ],
  [
    'a record of another type',
    { ...of('date'), recorded: [recorded('timestamptz', 'x')] },
    /\(timestamptz\)/,
  ],
  [
    'a destination of another kind',
    { ...of('integer', '1'), max: { type: 'date', value: '2026-01-01' } },
    /destination's `at` is date, the source's is integer/,
  ],
  [
    'an interval of integers',
    { ...of('integer'), incremental: { from: { count: 1, unit: 'day' } } },
    /is a time/,
  ],
  [
    'a lag of time of an append by an integer',
    { ...of('integer', '9'), incremental: { lag: { ms: 1000 } } },
    /`lag` must be a number.*`at` is integer/,
  ],
  [
    'a lag of time of a merge by an integer',
    {
      ...merge,
      ...of('integer', '9'),
      incremental: { lag: { ms: 1000 } },
      recorded: [recorded('integer', '5')],
    },
    /`lag` must be a number.*`at` is integer/,
  ],
  [
    'a lag that is a number of a merge by a time',
    {
      ...merge,
      incremental: { lag: { count: 5 } },
      recorded: [recorded('timestamptz', '2026-03-09T00:00:00.000000Z')],
    },
    /`lag` must be a time/,
  ],
  ['a lag that does not fit', { incremental: { lag: { count: 5 } } }, /must be a time/],
  [
    'an initial value that does not fit',
    { ...of('date'), incremental: { initial_value: '7' } },
    /no date/,
  ],
  [
    'an append to a destination that has rows of other sources',
    shared,
    /rows of `west\.orders` up to at 2026-03-09T.*no record of this source.*initial_value.*--window START\.\./,
  ],
  [
    'a window of an append that leaves rows out',
    {
      ...of('integer', '900'),
      given: { start: '200', end: '300' },
      recorded: [recorded('integer', '1000'), recorded('integer', '30')],
    },
    /begins at 200, and the last one ended at 30.*begin at 30 or before/,
  ],
  ['a window that does not fit', { given: { end: 'yesterday' } }, /window end `yesterday`/],
];

describe('the window of a source', () => {
  for (const [name, change, expected] of cases) {
    it(name, () => assert.equal(short(windowOf(facts(change))), expected));
  }
  for (const [name, change, message] of refusals) {
    it(`is refused: ${name}`, () => {
      assert.throws(
        () => windowOf(facts(change)),
        (error) => error instanceof NoWindow && message.test(error.message),
      );
    });
  }
});
