import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig, parseConfig } from '../../../src/config/index.js';
import type { Destination } from '../../../src/destinations/destination.js';
import { destinationNames, loadDestination } from '../../../src/destinations/registry.js';
import type { TestSink } from '../../destinations/support.js';
import { temporaryRoot } from '../../support/stack.js';
import { naiveMember, type Fault } from './naive.js';
import { KitPlace, type KitMember } from './place.js';
import { applies, type Rule } from './rule.js';
import { rules } from './rules.js';
import { choices, takes, type Choice } from './table.js';

const all = Object.values(rules).flat();

for (const name of destinationNames()) {
  const destination = await loadDestination(name);
  describe(`the kit of destinations: ${name}`, function () {
    this.timeout(60_000);
    let started: Awaited<ReturnType<KitMember['start']>>;

    before(async () => {
      started = await (await memberOf(name)).start();
    });
    after(() => started?.stop());

    it('has tests of its own of what happens when it is killed in the middle', () => {
      const file = new URL(`../../destinations/${name}/crash.test.js`, import.meta.url);
      assert.ok(existsSync(file), `there is no test/destinations/${name}/crash.test.ts`);
    });

    for (const [topic, found] of Object.entries(rules)) {
      for (const each of found.filter((candidate) => applies(candidate, destination))) {
        it(`${topic}: ${each.name}`, () => keep(each, destination, started));
      }
    }

    for (const choice of choices) {
      const { key, value } = choice;
      const isTaken = takes(destination, choice);
      it(`${isTaken ? 'takes' : 'denies, and is asked for it in vain'}: ${key}: ${value}`, async () => {
        const { root, remove } = await temporaryRoot();
        try {
          const { sink } = await started.newPlace(root);
          const found = await problemsOf(sink, choice, destination);
          assert.equal(found.length === 0, isTaken, found.join('\n'));
          if (!isTaken) assert.match(found.join(), new RegExp(`sinks\\[0\\]\\.${key} .*${name}`));
        } finally {
          await remove();
        }
      });
    }
  });
}

describe('the kit of destinations', function () {
  this.timeout(60_000);

  it('is kept by the plainest destination that can be', async () => {
    for (const each of all) await keepNaively(each, null);
  });

  for (const each of all) {
    it(`is not kept by one that ${each.fault}: ${each.name}`, async () => {
      await assert.rejects(keepNaively(each, each.fault));
    });
  }
});

/** What a new destination needs beside its folder: places for the kit. */
async function memberOf(name: string): Promise<KitMember> {
  const file = new URL(`members/${name}.js`, import.meta.url);
  assert.ok(
    existsSync(file),
    `destination \`${name}\` has no test/kits/destinations/members/${name}.ts`,
  );
  return ((await import(file.href)) as { member: KitMember }).member;
}

/** What is wrong with a config whose sink is that one, and asks for the choice. */
async function problemsOf(
  { module, parameters, root }: TestSink,
  { key, value }: Choice,
  { modes }: Destination,
): Promise<string[]> {
  // Where the columns may differ, the rows of the table stay.
  const mode = key === 'on_schema_change' && modes.includes('append') ? { mode: 'append' } : {};
  const keys = value === 'merge' ? { merge_keys: ['id'] } : {};
  const sink = { name: 'out', module, input: 'orders', parameters, ...mode, ...keys, [key]: value };
  const sources = [
    { name: 'orders', module: 'files', parameters: { path: 'a.csv', format: 'csv' } },
  ];
  const text = JSON.stringify({ sources, sinks: [sink] });
  const place = { file: 'a.json', path: join(root, 'a.json'), json: true };
  const { problems } = await checkConfig(parseConfig(text, place), { root });
  return problems.map(({ path, message }) => `${path} ${message}`);
}

async function keep(
  rule: Rule,
  destination: Destination,
  started: Awaited<ReturnType<KitMember['start']>>,
): Promise<void> {
  const { root, remove } = await temporaryRoot();
  try {
    await rule.run(new KitPlace(destination, root, await started.newPlace(root)));
  } finally {
    await remove();
  }
}

async function keepNaively(rule: Rule, fault: Fault | null): Promise<void> {
  const member = naiveMember(fault);
  const { root, remove } = await temporaryRoot();
  try {
    const place = await (await member.start()).newPlace(root);
    await rule.run(new KitPlace(member.made().destination as Destination, root, place));
  } finally {
    await remove();
  }
}
