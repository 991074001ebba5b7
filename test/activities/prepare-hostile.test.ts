import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { readRunInThread, type ThreadLimits } from '../../src/activities/plan/threads.js';
import { createPrepare } from '../../src/activities/prepare.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { openLocalStore } from '../../src/store/local-store.js';
import type { PreparedRun } from '../../src/workflows/contract/activities.js';
import { temporaryFolder } from '../config/support.js';

const config = (
  source: string,
  sink = 'database: w.duckdb, table: t',
  module = 'duckdb',
): string => `
name: orders
sources: [{ name: orders, module: files, parameters: { path: ${source}, format: csv } }]
sinks: [{ name: s, module: ${module}, input: orders, parameters: { ${sink} } }]
`;
const planted = 'root:*:19000:0:planted';
const profile = { host: 'db', database: 'd', user: 'u', password: '${env:P}' };

const queried = (query: string): string =>
  config('x').replace(
    /module: files, parameters: \{.*?\}/,
    `module: postgres, parameters: { query: ${query}, profile: shop }`,
  );

describe('what starts a run', () => {
  const outer = temporaryFolder();
  let root: string;

  beforeEach(() => {
    root = join(outer.path, 'project');
    mkdirSync(root);
    outer.write('shadow', `${planted}\n`);
    outer.write('other.json', JSON.stringify({ shop: profile }));
    outer.write('project/a.yaml', config('a.csv'));
    outer.write('project/other.json', JSON.stringify({ shop: profile }));
    symlinkSync('../shadow', join(root, 'link.yaml'));
    symlinkSync('..', join(root, 'up'));
    execFileSync('mkfifo', [join(root, 'pipe.yaml'), join(root, 'pipe.sql')]);
  });

  async function prepare(input: unknown): Promise<PreparedRun> {
    const store = await openLocalStore(join(root, '.beamline', 'store'));
    const deps = { root, store, objects, taskQueue: 'beamline', namespace: 'default' };
    return createPrepare(deps)(input as RunPipelineInput, 'first-run-id');
  }

  async function refusal(input: unknown): Promise<string> {
    const error: unknown = await prepare(input).then(
      () => assert.fail('it was prepared'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApplicationFailure, String(error));
    assert.equal(error.type, 'ConfigError');
    assert.equal(error.nonRetryable, true);
    assert.doesNotMatch(error.message, /planted/);
    assert.ok(error.message.length < 5000, error.message);
    const known = ['other.json', 'outside.sql', 'project', 'shadow'];
    assert.deepEqual(
      readdirSync(outer.path).filter((name) => !known.includes(name)),
      [],
    );
    return error.message;
  }

  const outside = /is outside of the project .* beamline\.yaml: roots: \["/;
  const inputs: [string, unknown, RegExp][] = [
    ['the host’s passwords', { config: '/etc/shadow' }, outside],
    ['the worker’s environment', { config: '/proc/self/environ' }, outside],
    ['a device', { config: '/dev/zero' }, outside],
    ['a folder above', { config: '../shadow' }, outside],
    ['a link that leads out', { config: 'link.yaml' }, /which leads to .*shadow` is outside/],
    ['a link on the way', { config: 'up/shadow' }, outside],
    ['a pipe', { config: 'pipe.yaml' }, /is a pipe, not a regular file/],
    ['a folder', { config: '.' }, /is a folder/],
    ['two lines', { config: 'a.yaml\nb' }, /must be a path on one line/],
    ['profiles elsewhere', { config: 'a.yaml', profile: '../other.json' }, outside],
    ['a profile that is a device', { config: 'a.yaml', profile: '/dev/zero' }, outside],
    [
      'a run key with `..`',
      { config: 'a.yaml', rerun_of: '../../x', complete: true },
      /key of a run/,
    ],
    ['a plan with `..`', { config: 'a.yaml', plan: '../../x' }, /sha256/],
    ['a store with `/`', { config: 'a.yaml', store: 'a/b' }, /id of a store/],
    ['nothing', null, /must be a mapping .* got nothing/],
    ['a list', [], /must be a mapping .* got a list/],
    ['no argument', undefined, /must be a mapping .* got nothing/],
    ['megabytes', { config: 'a.yaml', args: { a: 'x'.repeat(300_000) } }, /has 300,0\d+ bytes/],
    [
      'thousands of arguments',
      {
        config: 'a.yaml',
        args: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, 1])),
      },
      /has 1,001 entries/,
    ],
    [
      'a window that is a book',
      { config: 'a.yaml', window: { start: 'x'.repeat(101) } },
      /at most 100/,
    ],
  ];
  for (const [name, input, says] of inputs) {
    it(`cannot name ${name}`, async () => {
      assert.match(await refusal(input), says);
    });
  }

  const configs: [string, string, RegExp, Record<string, unknown>?][] = [
    ['read elsewhere', config('/etc/passwd'), outside],
    ['read by a pattern elsewhere', config('"../*.csv"'), outside],
    ['read behind a wildcard', config('"*/../../shadow"'), /`\.\.` behind a wildcard/],
    ['read through a link', config('up/shadow'), outside],
    ['write a database elsewhere', config('a.csv', 'database: ../w.duckdb, table: t'), outside],
    ['write a folder elsewhere', config('a.csv', 'path: /srv/out', 'files'), outside],
    ['write through a link', config('a.csv', 'path: up/out', 'files'), outside],
    ['write our state', config('a.csv', 'path: .beamline/store', 'files'), /is not for data/],
    ['write the settings', config('a.csv', 'database: beamline.yaml, table: t'), /is not for data/],
    ['write the hooks', config('a.csv', 'path: .git/hooks', 'files'), /is not for data/],
    [
      'be led elsewhere by an argument',
      `${config('a.csv', "path: 'out/${args.day}'", 'files')}args: { day: { type: string } }`,
      /an argument leads to another folder/,
      { day: '../../../x' },
    ],
    [
      'be led to another folder of the project',
      `${config("'in/${args.day}'")}args: { day: { type: string } }`,
      /an argument leads to another folder/,
      { day: '../secret' },
    ],
  ];
  for (const [name, text, says, args] of configs) {
    it(`cannot ${name}`, async () => {
      outer.write('project/b.yaml', text);
      assert.match(await refusal({ config: 'b.yaml', args }), says);
    });
  }

  it('cannot read SQL that is elsewhere, a pipe, or far too long', async () => {
    outer.write('outside.sql', planted);
    outer.write('project/.connections.json', JSON.stringify({ shop: profile }));
    for (const [query, says] of [
      ['../outside.sql', outside],
      ['pipe.sql', /pipe\.sql: is a pipe/],
      ['up/outside.sql', outside],
    ] as const) {
      outer.write('project/b.yaml', queried(query));
      assert.match(await refusal({ config: 'b.yaml' }), says);
    }
  });

  it('cannot make a connection read the host by an argument', async () => {
    const source =
      'module: postgres, parameters: { query: select 1, host: "${args.host}", database: d, user: u }';
    const text = config('x').replace(/module: files, parameters: \{.*?\}/, source);
    outer.write('project/b.yaml', `${text}args: { host: { type: string } }`);
    for (const host of ['${env:HOME}', '${file:/etc/passwd}', 'x${secret:projects/p}']) {
      const said = await refusal({ config: 'b.yaml', args: { host } });
      assert.match(said, /argument `host` may hold no `\$\{`/);
    }
    assert.equal((await prepare({ config: 'b.yaml', args: { host: 'db' } })).args['host'], 'db');
  });

  it('may name what the project declares', async () => {
    outer.write('project/b.yaml', config('../data/a.csv', 'path: ../data/out', 'files'));
    const said = await refusal({ config: 'b.yaml' });
    // The line that the message names is the one that helps.
    const line = /roots: \[.*\]/.exec(said)?.[0] ?? '';
    outer.write('project/beamline.yaml', `${line}\n`);
    assert.equal((await prepare({ config: 'b.yaml' })).pipeline, 'orders');
    outer.write('project/beamline.yaml', 'roots: [../data, /srv]\n');
    assert.equal((await prepare({ config: 'b.yaml' })).pipeline, 'orders');
    outer.write('project/beamline.yaml', 'roots: [../dat]\n');
    assert.match(await refusal({ config: 'b.yaml' }), outside);
  });

  it('repeats no plan that reads or writes elsewhere, unless it is allowed still', async () => {
    outer.write('project/beamline.yaml', 'roots: [../data]\n');
    outer.write('project/b.yaml', config('../data/a.csv'));
    const { planSha256: plan } = await prepare({ config: 'b.yaml' });
    const rerun = { config: 'b.yaml', plan, rerun_of: 'q4kx7mw2ta' };
    assert.equal((await prepare(rerun)).planSha256, plan);
    outer.write('project/beamline.yaml', 'roots: []\n');
    assert.match(await refusal(rerun), /^the pinned plan +sources\[0\].*outside of the project/);
  });

  it('may name the profiles that the owner of the project put there, as a link too', async () => {
    symlinkSync('../other.json', join(root, '.connections.json'));
    const text = config('x').replace(
      /module: files, parameters: \{.*?\}/,
      'module: postgres, parameters: { query: select 1, profile: shop }',
    );
    outer.write('project/b.yaml', text);
    const { profiles, planSha256: plan } = await prepare({ config: 'b.yaml' });
    assert.ok(profiles);
    assert.equal((await prepare({ config: 'b.yaml', plan, profile: profiles })).profiles, profiles);
  });
});

describe('the thread that checks configs', () => {
  const folder = temporaryFolder();
  const steps = Array.from(
    { length: 900 },
    (_, n) => `  - { name: a${n}, module: files, parameters: { path: a.csv } }\n`,
  ).join('');
  const heavy = `sources:\n${steps}sinks: [{ name: s, module: duckdb, input: a0, parameters: {} }]\n`;

  async function check(limits: ThreadLimits = {}): Promise<string> {
    const store = await openLocalStore(join(folder.path, 'store'));
    const given = { config: 'heavy.yaml' };
    const question = { given, root: folder.path, store, namespace: 'default' };
    return readRunInThread(question, limits).then(
      () => 'read',
      (error: Error) => error.message,
    );
  }
  beforeEach(() => {
    folder.write('heavy.yaml', heavy);
  });

  it('leaves the other runs of the worker their time', async () => {
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const said = await check();
    clearInterval(counting);
    assert.match(said, /and \d+ more problems/);
    assert.ok(turns >= 20, `the event loop turned ${turns} times`);
  });

  it('is ended when it takes too long or too much memory, and the next one works', async () => {
    assert.match(await check({ silentMs: 20 }), /took more than 0\.02 s, and was ended/);
    const long = `a: [${'{a: 1},'.repeat(90_000)}]\n`;
    writeFileSync(join(folder.path, 'heavy.yaml'), long);
    assert.match(await check({ megabytes: 24 }), /took more than 24 MB, and was ended/);
    folder.write('heavy.yaml', heavy);
    assert.match(await check(), /and \d+ more problems/);
  });

  it('answers each of many at once', async () => {
    folder.write('heavy.yaml', 'x: 1');
    const said = await Promise.all(Array.from({ length: 12 }, () => check()));
    for (const message of said) assert.match(message, /is no config of a pipeline/);
  });
});

function objects(): Promise<never> {
  return Promise.reject(new Error('there is no bucket'));
}
