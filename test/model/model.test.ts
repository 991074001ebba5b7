import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { SinkMode } from '../../src/destinations/destination.js';
import type { CursorType } from '../../src/shared/window.js';
import { temporaryRoot } from '../support/stack.js';
import { Case, type Setting, type Step, type Trouble } from './case.js';
import { openStager, type Stager } from './stager.js';

const cases = Number(process.env['BEAMLINE_MODEL_CASES'] ?? 500);
const seed = Number(process.env['BEAMLINE_MODEL_SEED'] ?? Date.now() % 1_000_000_000);

const pipeline = fc.integer({ min: 0, max: 1 });
const trouble = fc.constantFrom<Trouble>(
  'none',
  'none',
  'lost answer',
  'second attempt',
  'cancelled sleeper',
  'twin sleeper',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    pipeline,
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('late' as const),
    pipeline,
    ticks: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constant('without' as const), pipeline }),
  fc.record({ kind: fc.constant('update' as const), pipeline, pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('run' as const), pipeline, trouble }),
  fc.record({ kind: fc.constant('run' as const), pipeline, trouble }),
);
const setting: fc.Arbitrary<Setting> = fc.record({
  type: fc.constantFrom<CursorType>('integer', 'date', 'timestamp', 'timestamptz'),
  mode: fc.constantFrom<SinkMode>('append', 'merge', 'replace'),
  byWindow: fc.boolean(),
  lag: fc.constantFrom(0, 0, 2),
  pipelines: fc.constantFrom(1, 2),
});

describe(`the model: ${cases} series of changes and runs into DuckDB, seed ${seed}`, function () {
  this.timeout(cases * 2_000 + 60_000);
  let root: string;
  let remove: () => Promise<void>;
  let stager: Stager;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    stager = await openStager(join(root, 'staging'));
  });
  after(async () => {
    stager.close();
    await remove();
  });

  it('after each publish the table is what a simple model says', async () => {
    let count = 0;
    const seen = new Map<string, number>();
    const series = fc.array(step, { minLength: 4, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(setting, series, async (given, steps) => {
        await play(new Case(given, root, stager, `t${++count}`), steps, seen);
      }),
      { numRuns: cases, seed, endOnFailure: true },
    );
    // A model that never saw a trouble would prove nothing.
    if (cases >= 100) {
      for (const name of ['lost answer', 'second attempt', 'cancelled sleeper', 'twin sleeper']) {
        assert.ok((seen.get(name) ?? 0) > 10, `${name}: ${seen.get(name) ?? 0}`);
      }
    }
  });
});

async function play(one: Case, steps: readonly Step[], seen: Map<string, number>): Promise<void> {
  await one.open();
  try {
    for (const each of steps) {
      if (each.kind === 'run') seen.set(each.trouble, (seen.get(each.trouble) ?? 0) + 1);
      await one.take(each);
    }
    await one.wake();
    await one.compare();
  } finally {
    await one.close();
  }
}
