import * as fc from 'fast-check';
import type { SinkMode } from '../../src/destinations/destination.js';
import type { CursorType } from '../../src/shared/run/window.js';

export interface Setting {
  type: CursorType;
  mode: SinkMode;
  /** A merge whose one key is the cursor column: it replaces windows. */
  byWindow: boolean;
  /** Other merges choose among rows of one key; else they refuse them. */
  ordered: boolean;
  lag: number;
  pipelines: 1 | 2;
  /** The table is divided into partitions by the cursor column, where the destination has such. */
  divided: boolean;
}

export type Note = string | null;

export type Step =
  | { kind: 'insert'; pipeline: number; count: number; note: Note }
  /** A row that is committed with a time of the past. */
  | { kind: 'late'; pipeline: number; ticks: number; note: Note }
  | { kind: 'without'; pipeline: number; note: Note }
  /** One more row with the id of another one, at the same time or later. */
  | { kind: 'again'; pipeline: number; pick: number; isLater: boolean; note: Note }
  | { kind: 'update'; pipeline: number; pick: number; note: Note }
  /** A run reads and stages, and is cancelled before it publishes here. */
  | { kind: 'interrupt'; pipeline: number }
  /** What such a run staged is published, whatever came between; with or without a word about that. */
  | { kind: 'complete'; pipeline: number; pick: number; overNewer: boolean; isTwice: boolean }
  /** The window of such a run is read again, and published. */
  | { kind: 'rerun'; pipeline: number; pick: number }
  /** A run without windows, as of another config: every row of the source, those without a time too. */
  | { kind: 'load'; pipeline: number }
  | {
      kind: 'run';
      pipeline: number;
      trouble: Trouble;
      /** How many calls of its destination a publisher makes before it is killed, or falls asleep. */
      calls: number;
      /** The publisher that comes after it does not wait for what it had begun. */
      isHasty: boolean;
    };

export const troubles = [
  'none',
  /** The answer of the publish is lost; it is made again. */
  'lost answer',
  /** The first attempt dies before it publishes; the second reads and stages anew. */
  'second attempt',
  /** The publisher is killed after some call, a database in its process with it; another one comes. */
  'killed',
  /** The run is cancelled while its publisher sleeps; that one wakes after the next run. */
  'cancelled sleeper',
  /** A publisher of the run sleeps beside the one that commits, and wakes after the next run. */
  'twin sleeper',
] as const;
export type Trouble = (typeof troubles)[number];

const pipeline = fc.integer({ min: 0, max: 1 });
const pick = fc.nat(20);
const note = fc.constantFrom<Note>(
  'a',
  'b',
  '',
  null,
  "it's",
  '`"\\',
  '${x} {y} %s ? @low $1;--',
  ' line\nbreak\t',
  'Grüße 🙂',
);

const setting: fc.Arbitrary<Setting> = fc.record({
  type: fc.constantFrom<CursorType>('integer', 'date', 'timestamp', 'timestamptz'),
  mode: fc.constantFrom<SinkMode>('append', 'merge', 'merge', 'replace'),
  byWindow: fc.boolean(),
  ordered: fc.boolean(),
  lag: fc.constantFrom(0, 2),
  pipelines: fc.constantFrom(1, 2),
  divided: fc.boolean(),
});

const change: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    pipeline,
    count: fc.integer({ min: 1, max: 3 }),
    note,
  }),
  fc.record({
    kind: fc.constant('late' as const),
    pipeline,
    ticks: fc.integer({ min: 1, max: 6 }),
    note,
  }),
  fc.record({ kind: fc.constant('without' as const), pipeline, note }),
  fc.record({ kind: fc.constant('again' as const), pipeline, pick, isLater: fc.boolean(), note }),
  fc.record({ kind: fc.constant('again' as const), pipeline, pick, isLater: fc.boolean(), note }),
  fc.record({ kind: fc.constant('update' as const), pipeline, pick, note }),
);

const publish: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('interrupt' as const), pipeline }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('complete' as const),
      pipeline,
      pick,
      overNewer: fc.constantFrom(false, false, false, true),
      isTwice: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rerun' as const), pipeline, pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('load' as const), pipeline }) },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      pipeline,
      trouble: fc.constantFrom<Trouble>(...troubles, 'killed'),
      calls: fc.noBias(fc.integer({ min: 1, max: 24 })),
      isHasty: fc.constantFrom(true, false, false),
    }),
  },
);

const idle = { calls: 1, isHasty: false };

/** Series that once found something: they are always played. */
export const found: [Setting, Step[]][] = [
  // A publisher falls asleep between its looks at the log and at the table, and its twin commits.
  [
    {
      type: 'timestamptz',
      mode: 'append',
      byWindow: false,
      ordered: false,
      lag: 0,
      pipelines: 1,
      divided: false,
    },
    [
      { kind: 'without', pipeline: 0, note: 'a' },
      { kind: 'run', pipeline: 0, trouble: 'none', ...idle },
      { kind: 'insert', pipeline: 0, count: 1, note: 'b' },
      { kind: 'run', pipeline: 0, trouble: 'twin sleeper', calls: 3, isHasty: false },
    ],
  ],
  // A run saw no row that has a time, a load brought one, and what another run had read follows: nothing, or
  // rows, of which none is before where the first one ended.
  ...(
    [
      ['without', 1, 0],
      ['insert', 0, 1],
    ] as const
  ).map(([kind, first, second]): [Setting, Step[]] => [
    {
      type: 'integer',
      mode: 'append',
      byWindow: false,
      ordered: false,
      lag: 0,
      pipelines: 1,
      divided: false,
    },
    [
      { kind: 'interrupt', pipeline: 0 },
      { kind, pipeline: 0, count: 1, note: 'a' },
      { kind: 'interrupt', pipeline: 0 },
      { kind: 'complete', pipeline: 0, pick: first, overNewer: false, isTwice: false },
      { kind: 'load', pipeline: 0 },
      { kind: 'complete', pipeline: 0, pick: second, overNewer: false, isTwice: false },
    ],
  ]),
  // A run is cancelled before it publishes here, the next one publishes newer rows, and then its own follow.
  ...(['merge', 'replace'] as const).map((mode): [Setting, Step[]] => [
    {
      type: 'timestamptz',
      mode,
      byWindow: false,
      ordered: true,
      lag: 0,
      pipelines: 1,
      divided: false,
    },
    [
      { kind: 'insert', pipeline: 0, count: 2, note: 'a' },
      { kind: 'interrupt', pipeline: 0 },
      { kind: 'update', pipeline: 0, pick: 0, note: 'b' },
      { kind: 'run', pipeline: 0, trouble: 'none', ...idle },
      { kind: 'complete', pipeline: 0, pick: 0, overNewer: false, isTwice: true },
      { kind: 'rerun', pipeline: 0, pick: 0 },
    ],
  ]),
];

/** A setting, and what happens in it: random changes of the sources and runs, with troubles. */
export const series: fc.Arbitrary<[Setting, Step[]]> = fc.tuple(
  setting,
  fc.array(fc.oneof({ weight: 4, arbitrary: change }, { weight: 3, arbitrary: publish }), {
    minLength: 4,
    maxLength: 14,
  }),
);
