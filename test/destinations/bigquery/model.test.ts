import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { bigqueryParameters } from '../../../src/destinations/bigquery/parameters.js';
import { openTable } from '../../../src/destinations/bigquery/publisher.js';
import { parseTableName } from '../../../src/destinations/bigquery/table-name.js';
import type { Publisher, PublishRequest } from '../../../src/destinations/destination.js';
import { createBigQuery } from '../../../src/gateways/bigquery.js';
import type { BigQueryEmulator } from '../../support/bigquery.js';
import { temporaryRoot } from '../../support/stack.js';
import { publishTask, stage } from '../support.js';
import { newDataset, startForTests, type TestDataset } from './support.js';

/** Tables that are tried: each takes some publishes of a fraction of a second. */
const cases = Number(process.env['BEAMLINE_MODEL_CASES'] ?? 8);

interface Row {
  id: number;
  day: number | null;
  note: string | null;
}

type Step =
  | { kind: 'replace' | 'append'; rows: Row[] }
  | { kind: 'merge'; rows: Row[] }
  | { kind: 'window'; low: number | null; length: number; rows: Row[] };

const row = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  day: fc.option(fc.integer({ min: 1, max: 9 })),
  note: fc.option(fc.constantFrom('', 'a', "it's", '`"\\')),
});
const rows = fc.array(row, { maxLength: 6 });
const dated = fc.array(
  row.map((each) => ({ ...each, day: each.day ?? 1 })),
  { maxLength: 6 },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('replace' as const, 'append' as const), rows }),
  fc.record({ kind: fc.constant('merge' as const), rows }),
  fc.record({
    kind: fc.constant('window' as const),
    low: fc.option(fc.integer({ min: 1, max: 8 })),
    length: fc.integer({ min: 1, max: 4 }),
    rows: dated,
  }),
);

describe('bigquery: the table is what a simple model says', function () {
  this.timeout(300_000);
  let root: string;
  let remove: () => Promise<void>;
  let emulator: BigQueryEmulator;
  let stop: () => Promise<void>;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    ({ emulator, stop } = await startForTests(root));
  });
  after(async () => {
    await stop();
    await remove();
  });

  it(`after each publish of ${cases} random series`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const dataset = await newDataset(emulator, root);
        const publisher = openHere(dataset);
        let model: Row[] = [];
        for (const [base, each] of steps.entries()) {
          const request = await requestOf(dataset, root, base, each);
          assert.deepEqual((await publisher.publish(request)).version, base + 1);
          assert.equal((await publisher.publish(request)).adopted, true);
          model = modelAfter(model, each);
          assert.deepEqual(await found(dataset), model.map(textOf).toSorted());
        }
        assert.deepEqual(await dataset.staging(), []);
      }),
      { numRuns: cases, endOnFailure: true },
    );
  });
});

/** The same publisher as its process opens. */
function openHere(dataset: TestDataset): Publisher {
  const parameters = bigqueryParameters.parse(dataset.sink().parameters);
  const table = parseTableName(parameters.table);
  return openTable(createBigQuery(table.project), table, parameters);
}

async function requestOf(
  dataset: TestDataset,
  root: string,
  base: number,
  each: Step,
): Promise<PublishRequest> {
  const merging = { merge: ['id'], window: ['day'] };
  const merge =
    each.kind === 'merge' || each.kind === 'window'
      ? {
          keys: merging[each.kind],
          order: each.kind === 'merge' ? ['day', 'note'] : null,
          window: each.kind === 'window' ? windowOf(each) : null,
        }
      : null;
  const task = publishTask(dataset.sink(), {
    run: `run${base}`,
    base,
    mode: each.kind === 'window' ? 'merge' : each.kind,
    merge,
    staged: await stage(root, valuesOf(each.rows)),
  });
  assert.equal(task.action.kind, 'publish');
  return (task.action as { request: PublishRequest }).request;
}

function windowOf({ low, length }: Extract<Step, { kind: 'window' }>) {
  const high = String((low ?? 0) + length);
  return {
    column: 'day',
    type: 'integer' as const,
    low: low === null ? null : String(low),
    low_inclusive: true,
    high,
    next: high,
    basis: 'given' as const,
  };
}

/** SQL of the rows, none of them too. */
function valuesOf(list: Row[]): string {
  const values = list.map(
    ({ id, day, note }) =>
      `(${id}, ${day ?? 'NULL'}, ${note === null ? 'NULL' : `'${note.replaceAll("'", "''")}'`})`,
  );
  return (
    `SELECT id::BIGINT AS id, day::BIGINT AS day, note::VARCHAR AS note FROM ` +
    `(VALUES ${[...values, "(0, 0, '')"].join(', ')}) AS t(id, day, note) WHERE id > 0`
  );
}

function modelAfter(model: Row[], each: Step): Row[] {
  switch (each.kind) {
    case 'replace':
      return each.rows;
    case 'append':
      return [...model, ...each.rows];
    case 'window': {
      const inWindow = ({ day }: Row) =>
        day !== null &&
        (each.low === null || day >= each.low) &&
        day < (each.low ?? 0) + each.length;
      return [...model.filter((old) => !inWindow(old)), ...each.rows];
    }
    case 'merge': {
      const last = new Map<number, Row>();
      for (const next of each.rows) {
        const before = last.get(next.id);
        if (before === undefined || isGreater(next, before)) last.set(next.id, next);
      }
      const known = new Set(model.map(({ id }) => id));
      return [
        ...model.map((old) => last.get(old.id) ?? old),
        ...[...last.values()].filter(({ id }) => !known.has(id)),
      ];
    }
  }
}

/** By day, then by note; NULL is the least. */
function isGreater(a: Row, b: Row): boolean {
  if (a.day !== b.day) return (a.day ?? -1) > (b.day ?? -1);
  return a.note !== null && (b.note === null || a.note > b.note);
}

async function found(dataset: TestDataset): Promise<string[]> {
  const list = await dataset.query('SELECT id, day, note FROM `DATASET.orders`');
  return list.map((each) => JSON.stringify(each)).toSorted();
}

function textOf({ id, day, note }: Row): string {
  return JSON.stringify([String(id), day === null ? null : String(day), note]);
}
