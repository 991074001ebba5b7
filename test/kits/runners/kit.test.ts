import assert from 'node:assert/strict';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { runnerNames } from '../../../src/runners/registry.js';
import { inMemory } from '../../destinations/support.js';
import { startedEarly } from '../../support/started-early.js';
import { memberOf, type KitMember, type Traits } from './member.js';
import type { Fault } from './naive/fault.js';
import type { KitPlace, KitRun, Result } from './place.js';
import { applies, type Rule } from './rule.js';
import { rules } from './rules.js';
import { KitStack, type Under } from './stack.js';

const all = Object.values(rules).flat();
const found = await Promise.all(
  runnerNames.map(async (name) => [name, await memberOf(name)] as const),
);
const members = new Map(found.flatMap(([name, kit]) => (kit === null ? [] : [[name, kit]])));

describe('the kit of runners', function () {
  this.timeout(90_000);
  // Most of a run is waiting: several are under way at a time.
  const limit = pLimit(12);
  let stack: KitStack | undefined;
  const trials: { start(): void }[] = [];
  before(async () => {
    stack = await KitStack.start(members);
    for (const trial of trials) trial.start();
  });
  after(() => stack?.stop());

  function trial(body: (stack: KitStack) => Promise<void>): () => Promise<void> {
    const one = startedEarly(() => limit(() => body(stack as KitStack)));
    trials.push(one);
    return () => one.result();
  }

  for (const name of runnerNames) {
    describe(name, () => {
      const member = members.get(name);
      it('has its places in the kit', () => {
        assert.ok(member, `runner \`${name}\` has no test/kits/runners/members/${name}.ts`);
      });
      if (member === undefined) return;
      for (const [topic, ofTopic] of Object.entries(rules)) {
        for (const each of ofTopic.filter((candidate) => applies(candidate, member.traits))) {
          it(
            `${topic}: ${each.name}`,
            trial((started) => keep(each, started, { runner: name }, member)),
          );
        }
      }
    });
  }

  describe('one that is wrong', () => {
    for (const each of all) {
      it(
        `as it ${each.fault} does not pass: ${each.name}`,
        trial(async (started) => {
          await keepNaively(each, started, null);
          await assert.rejects(keepNaively(each, started, each.fault));
        }),
      );
    }
  });
});

/** What Beam itself brought, of each runner once. */
const results = new Map<string, Promise<Result>>();

async function keep(
  rule: Rule,
  stack: KitStack,
  under: { runner: string },
  { traits }: KitMember,
): Promise<void> {
  const { runner } = under;
  await inPlace(rule, stack, under, traits, () => {
    const known = results.get(runner) ?? resultOf(stack, runner);
    results.set(runner, known);
    return known;
  });
}

async function keepNaively(rule: Rule, stack: KitStack, fault: Fault | null): Promise<void> {
  await inPlace(rule, stack, { fault }, { adopts: true, hears: true }, async () => {
    const rows = [
      { id: '1', name: 'Ada' },
      { id: '2', name: 'Grace' },
    ];
    const kept = fault === 'leaves a row out' ? rows.slice(1) : rows;
    const id = fault === 'changes a type' ? 'VARCHAR' : 'BIGINT';
    const read = fault === 'counts what it did not read' ? 3 : 2;
    const counts = { read, staged: 2, rejected: 0, published: 2 };
    return { rows: kept, columns: { id, name: 'VARCHAR' }, counts };
  });
}

async function inPlace(
  rule: Rule,
  stack: KitStack,
  under: Under,
  traits: Traits,
  result: KitPlace['result'],
): Promise<void> {
  const runs: KitRun[] = [];
  try {
    await rule.run({
      traits,
      async start(options) {
        const run = await stack.run(under, options);
        runs.push(run);
        return run;
      },
      result,
    });
  } finally {
    for (const run of runs) await run.tidy();
  }
}

async function resultOf(stack: KitStack, runner: string): Promise<Result> {
  const { run, folder } = await stack.realRun(runner);
  await run.program.end('runs Beam');
  const { receipt } = await run.ended();
  assert.equal(receipt.outcome, 'succeeded', JSON.stringify(receipt.failure));
  const files = `read_parquet('${join(folder, 'current', '*.parquet')}')`;
  const rows = await inMemory(`SELECT id::VARCHAR AS id, name FROM ${files} ORDER BY id`);
  const columns = await inMemory(`DESCRIBE SELECT * FROM ${files}`);
  return {
    rows,
    columns: Object.fromEntries(
      columns.map(({ column_name: name, column_type: type }) => [String(name), String(type)]),
    ),
    counts: {
      read: receipt.rows_read,
      staged: receipt.rows_staged,
      rejected: receipt.rows_rejected,
      published: receipt.sinks[0]?.rows ?? 0,
    },
  };
}
