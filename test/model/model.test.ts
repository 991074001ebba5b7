import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { temporaryRoot } from '../support/stack.js';
import { Case } from './case.js';
import { inDuckdb } from './open-database.js';
import { inBigquery } from './open-dataset.js';
import type { ModelDestination } from './open-destination.js';
import { found, series, troubles } from './series.js';
import { openStager, type Stager } from './stager.js';

/** Of DuckDB; BigQuery's emulator, which takes many times as long, plays a tenth of them. */
const given = process.env['BEAMLINE_MODEL_CASES'];
const seed = Number(process.env['BEAMLINE_MODEL_SEED'] ?? Date.now() % 1_000_000_000);

/** How often half as many series are played again where something was not seen. */
const mostMore = 6;

const destinations: {
  name: string;
  cases: number;
  start: (root: string) => Promise<ModelDestination>;
  /** What is seen here only. */
  seenHere: string[];
}[] = [
  {
    name: 'DuckDB',
    cases: Number(given ?? 500),
    start: async (root) => inDuckdb(root),
    // A publisher that sleeps holds the database: it has committed nothing.
    seenHere: [],
  },
  {
    name: 'BigQuery',
    cases: given === undefined ? 60 : Math.ceil(Number(given) / 10),
    start: inBigquery,
    seenHere: ['cancelled: it had committed'],
  },
];

for (const { name, cases, start, seenHere } of destinations) {
  describe(`the model: ${cases} series of changes and runs into ${name}, seed ${seed}`, function () {
    this.timeout(cases * 40_000 + 60_000);
    let root: string;
    let remove: () => Promise<void>;
    let stager: Stager;
    let destination: ModelDestination;

    before(async () => {
      ({ root, remove } = await temporaryRoot());
      stager = await openStager(join(root, 'staging'));
      destination = await start(root);
    });
    after(async () => {
      await destination.stop();
      stager.close();
      await remove();
    });

    it('after each publish the table is what a simple model says', async () => {
      const unseen = new Set(mustBeSeen(cases, seenHere));
      const count = (what: string) => unseen.delete(what);
      let played = 0;
      const property = fc.asyncProperty(series, async ([setting, steps]) => {
        const table = `t${++played}`;
        const open = () => destination.open(table, setting);
        await new Case(setting, { open, stager, count }).play(steps);
      });
      const examples = found.map((each): [typeof each] => [each]);
      await fc.assert(property, {
        numRuns: cases + found.length,
        seed,
        endOnFailure: true,
        examples,
      });
      // What is seldom may not come in so many series: it does in some more.
      for (let more = 1; unseen.size > 0 && more <= mostMore; more++) {
        await fc.assert(property, {
          numRuns: Math.ceil(cases / 2),
          seed: seed + more,
          endOnFailure: true,
        });
      }
      assert.deepEqual([...unseen], [], 'never seen');
    });
  });
}

/** What the series must have seen to prove anything; a few series see little. */
function mustBeSeen(cases: number, seenHere: string[]): string[] {
  const often = [
    ...troubles,
    'killed: nothing is left of it',
    'killed: it was committed',
    'killed: another one came at once',
    'cancelled: it commits no more',
    'several rows of one key',
    'completed',
    'completed twice',
    'completed: NewerCommitted',
    'run again',
    'window begins by record',
    'window begins by everything',
    ...seenHere,
  ];
  const seldom = [
    'refused',
    'completed: WindowCommitted',
    'completed all the same',
    'window begins by destination',
  ];
  return [...(cases < 40 ? [] : often), ...(cases < 300 ? [] : seldom)];
}
