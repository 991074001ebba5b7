import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { serviceOf } from '../../../src/client/look/runner-service.js';
import { optionsOf } from '../../../src/runners/registry.js';
import { startedEarly } from '../../support/started-early.js';
import { askFor, choices } from './choices.js';
import { memberOf, type KitMember, type Traits } from './member.js';
import type { Fault } from './naive/fault.js';
import type { KitPlace, KitRun, Result } from './place.js';
import { resultOf } from './result.js';
import { applies, type Rule } from './rule.js';
import { rules } from './rules.js';
import { KitStack, type Under } from './stack.js';

type Trial = (body: (stack: KitStack) => Promise<void>) => () => Promise<void>;

/**
 * Describes the kit of these runners.
 * @param proves also that a runner with a fault does not pass the rule which names it
 */
export async function describeKit(
  names: readonly string[],
  { proves }: { proves: boolean },
): Promise<void> {
  const found = await Promise.all(names.map(async (name) => [name, await memberOf(name)] as const));
  const members = new Map(found.flatMap(([name, kit]) => (kit === null ? [] : [[name, kit]])));

  describe('the kit of runners', function () {
    this.timeout(90_000);
    // Most of a run is waiting: many are under way at a time.
    const limit = pLimit(10);
    const trials: { start(): void }[] = [];
    let stack: KitStack | undefined;
    before(async () => {
      stack = await KitStack.start(members);
      for (const each of trials) each.start();
    });
    after(() => stack?.stop());
    const trial: Trial = (body) => {
      const one = startedEarly(() => limit(() => body(stack as KitStack)));
      trials.push(one);
      return () => one.result();
    };

    for (const name of names) {
      describe(name, () => {
        const member = members.get(name);
        it('has its places in the kit', () => {
          assert.ok(member, `runner \`${name}\` has no test/kits/runners/members/${name}.ts`);
        });
        if (member !== undefined) describeRunner(name, member, trial);
      });
    }
    if (proves) describe('one that is wrong', () => describeFaults(trial));
  });
}

function describeRunner(name: string, member: KitMember, trial: Trial): void {
  it('has tests of its own of what happens when its processes are killed', () => {
    const file = new URL(`../../runners/${name}/crash.test.js`, import.meta.url);
    assert.ok(existsSync(file), `there is no test/runners/${name}/crash.test.ts`);
  });

  let result: Promise<Result> | undefined;
  for (const [topic, ofTopic] of Object.entries(rules)) {
    for (const each of ofTopic.filter((candidate) => applies(candidate, member.traits))) {
      const keep = (stack: KitStack): Promise<void> =>
        inPlace(each, stack, { runner: name }, member.traits, () => {
          result ??= resultOf(stack, name);
          return result;
        });
      it(`${topic}: ${each.name}`, trial(keep));
    }
  }

  const options = optionsOf(name);
  if (options.hasService === true) {
    it('has the service that it says it has', async () => {
      const { open } = await serviceOf(name);
      await (await open()).close();
    });
  }
  for (const [index, choice] of choices.entries()) {
    const isTaken = choice.isTaken(options);
    it(
      `${isTaken ? 'takes' : 'is asked in vain for'}: ${choice.name}`,
      trial(({ root }) =>
        askFor(choice, { runner: name, options, member, root: join(root, name, `${index}`) }),
      ),
    );
  }
}

function describeFaults(trial: Trial): void {
  for (const each of Object.values(rules).flat()) {
    it(
      `as it ${each.fault} does not pass: ${each.name}`,
      trial(async (stack) => {
        await keepNaively(each, stack, null);
        await assert.rejects(keepNaively(each, stack, each.fault));
      }),
    );
  }
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
