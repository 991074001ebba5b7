import assert from 'node:assert/strict';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { nearMiss } from '../../src/config/values/near-miss.js';
import {
  ConfigProblems,
  formatProblems,
  type Problem,
} from '../../src/config/document/problems.js';
import { badSecretReferences } from '../../src/config/checks/secrets.js';
import { catalogue, corpus } from './support.js';

const base = `sources: [{ name: a, module: files, parameters: { path: a.csv, format: csv } }]
sinks: [{ name: s, module: duckdb, input: a, parameters: { database: w.duckdb, table: t } }]
`;
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

/** Every problem of a config; a check that takes too long fails by the time of the test. */
async function problemsOf(text: string, args: Record<string, unknown> = {}): Promise<Problem[]> {
  try {
    const loaded = parseConfig(text, { file: 'a.yaml', path: `${corpus}/a.yaml` });
    return (await checkConfig(loaded, { root: corpus, catalogue, args })).problems;
  } catch (error) {
    if (error instanceof ConfigProblems) return [...error.problems];
    throw error;
  }
}

const values = 'holds more than 100,000 values';
const deep = 'is nested too deeply';
const hostile: [string, string, RegExp][] = [
  ['5,000 unknown keys', base + many(5000, (n) => `k${n}: 1\n`), /and 4980 more unknown keys/],
  ['200,000 unknown keys', base + many(200_000, (n) => `k${n}: 1\n`), new RegExp(values)],
  ['as many in JSON', `{${many(99_000, (n) => `"k${n}": 1,`)}"sources": 1}`, new RegExp(values)],
  ['wrong entries', `${base}transforms:\n${'- 1\n'.repeat(998)}`, /must be a mapping, got 1/],
  ['too many', `${base}transforms:\n${'- 1\n'.repeat(1001)}`, /has 1,001 entries; at most 1,000/],
  ['arguments', `${base}args:\n${many(1001, (n) => `  k${n}: 1\n`)}`, /has 1,001 entries/],
  ['a list of 3 million', `${base}args: [${'1,'.repeat(3_000_000)}1]`, new RegExp(values)],
  ['lists in lists', `a: ${'['.repeat(200_000)}`, new RegExp(deep)],
  ['closed ones', `a: ${'['.repeat(300)}${']'.repeat(300)}`, new RegExp(deep)],
  ['lists in a line', `a:\n${'- '.repeat(5000)}1\n`, new RegExp(deep)],
  ['mappings', many(200, (n) => `${' '.repeat(n)}k:\n`), new RegExp(deep)],
  [
    'merged mappings',
    `a: &a {${many(2000, (n) => `k${n}: 1, `)}}\nb:\n  <<: [${'*a, '.repeat(5000)}]\n`,
    new RegExp(values),
  ],
  [
    'aliases of long lists',
    `a: &a [${'1, '.repeat(5000)}]\nb: [${'*a, '.repeat(90)}]\n`,
    new RegExp(values),
  ],
  ['half a reference', base.replace('a.csv', `'${'${'.repeat(200_000)}'`), /`\$\{` without `\}`/],
  ['a reference to a secret', base.replace('a.csv', `'${'${secret:'.repeat(50_000)}'`), /without/],
  ['a long key', `${base}? ${'k'.repeat(100_000)}\n: 1\n`, /^.{0,400}unknown key/],
  ['a long value', `${base}runner: ${'k'.repeat(100_000)}\n`, /^.{0,400}is not allowed/],
  ['a long zone', `${base}timezone: ${'K'.repeat(100_000)}\n`, /^.{0,400}unknown time zone/],
  ['a long number', `${base}timeout: ${'9'.repeat(500_000)}\n`, /^.{0,400}finite|rounded/],
  ['a long cron', `${base}schedule: { cron: '${'1 '.repeat(100_000)}' }\n`, /allowed 200/],
  [
    'a schema of many commas',
    base
      .replace('module: duckdb', 'module: bigquery')
      .replace(
        'database: w.duckdb, table: t',
        `table: 'proj-ect:d.t', schema: '${',('.repeat(300_000)}'`,
      ),
    /is no `name:TYPE`/,
  ],
  ['a macro of every object', `${base}schedule: { cron: constructor }\n`, /has 1 field/],
  ['a key twice, late', `${base}${many(30_000, (n) => `k${n}: 1\n`)}k5: 1\n`, /stands twice/],
  ['no config', 'root:x:0:0:root:/root:/bin/sh\n', /^(?!.*root:x).*/],
  ['any mapping', 'token: planted\nport: 80\n', /is no config of a pipeline/],
];

describe('a hostile config', () => {
  for (const [name, text, says] of hostile) {
    it(`is refused in a few words: ${name}`, async () => {
      const problems = await problemsOf(text);
      const message = formatProblems(problems);
      assert.match(message.replaceAll('\n', ' '), says);
      assert.ok(message.length < 150_000, String(message.length));
      assert.doesNotMatch(message, /planted/);
    });
  }

  it('has at most so many problems printed, and says how many more there are', () => {
    const problem = { file: 'a.yaml', line: 1, column: 1, path: '', message: 'wrong' };
    const text = formatProblems(Array.from({ length: 300_000 }, () => problem));
    assert.equal(text.split('\n').length, 101);
    assert.match(text, /\nand 299,900 more problems$/);
  });

  it('does not make arguments fill the memory', async () => {
    const text = `${base.replace('a.csv', `'${'${args.x}'.repeat(50_000)}'`)}args: { x: a }\n`;
    const problems = await problemsOf(text, { x: 'x'.repeat(60_000) });
    assert.match(formatProblems(problems), /arguments make the texts longer than/);
  });

  it('is not compared with words that are no typing errors', () => {
    const words = Array.from({ length: 5000 }, (_, index) => `${'w'.repeat(50)}${index}`);
    assert.equal(nearMiss('w'.repeat(1_000_000), words), undefined);
    assert.equal(nearMiss('querry', ['x'.repeat(1_000_000), 'query']), 'query');
  });

  it('has its references read once, however many begin', () => {
    assert.equal(badSecretReferences('${secret:'.repeat(50_000)).length, 0);
  });
});

async function said(text: string, args: Record<string, unknown> = {}): Promise<string> {
  return formatProblems(await problemsOf(text, args));
}

describe('a name that every object has', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__']) {
    it(`is a name as any other, or refused in words: ${name}`, async () => {
      const step = base.replace('name: a,', `name: ${name},`).replace('input: a', `input: ${name}`);
      const isProto = name === '__proto__';
      assert.match(await said(step), isProto ? /is no name; choose another/ : /^$/);
      const used = base.replace('a.csv', `'\${args.${name}}.csv'`);
      assert.match(await said(used), new RegExp(`no argument is named \`${name}\``));
      const declared = `${used}args: { ${name}: { type: string } }\n`;
      const given = JSON.parse(`{"${name}": "x"}`) as Record<string, unknown>;
      assert.match(await said(declared, given), isProto ? /cannot be a key/ : /^$/);
      assert.match(await said(`${base}${name}: 1\n`), isProto ? /cannot be a key/ : /unknown key/);
      const parameter = base.replace('format: csv', `format: csv, ${name}: 1`);
      assert.match(await said(parameter), isProto ? /cannot be a key/ : /unknown key/);
      assert.match(
        await said(base.replace('module: duckdb', `module: ${name}`)),
        /no sink module is named/,
      );
    });
  }
});
