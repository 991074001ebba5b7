import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { beamline } from './beamline.js';
import { temporaryFolder } from '../config/support.js';

describe('beamline init', () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> => beamline(folder.path, ...args);

  it('writes a config that is valid and points editors to the schema', () => {
    assert.equal(run('init', 'configs/my-first.yaml').status, 0);
    const text = readFileSync(join(folder.path, 'configs/my-first.yaml'), 'utf8');
    const schema = /^# yaml-language-server: \$schema=(.+)\n/.exec(text)?.[1] ?? '';
    const read = JSON.parse(readFileSync(join(folder.path, 'configs', schema), 'utf8')) as {
      title: string;
    };
    assert.equal(read.title, 'Beamline pipeline');
    assert.equal((parse(text) as { name: string }).name, 'my-first');
    assert.equal(run('validate', 'configs/my-first.yaml').status, 0);
  });

  for (const source of ['postgres', 'mysql', 'files', 'bigquery']) {
    it(`writes a valid config from ${source} to each sink`, () => {
      for (const sink of ['bigquery', 'duckdb', 'files']) {
        const file = `${source}-${sink}.yaml`;
        assert.equal(run('init', file, '--source', source, '--sink', sink).status, 0);
        const { status, stderr } = run('validate', file);
        assert.equal(status, 0, stderr);
      }
    });
  }

  it('writes JSON for a name that ends in .json', () => {
    assert.equal(run('init', 'first.json').status, 0);
    const config = JSON.parse(readFileSync(join(folder.path, 'first.json'), 'utf8')) as object;
    assert.ok('$schema' in config);
    assert.equal(run('validate', 'first.json').status, 0);
  });

  it('never overwrites a file', () => {
    folder.write('mine.yaml', 'mine');
    const { status, stderr } = run('init', 'mine.yaml');
    assert.equal(status, 2);
    assert.match(stderr, /mine\.yaml exists; it was left as it is/);
    assert.equal(readFileSync(join(folder.path, 'mine.yaml'), 'utf8'), 'mine');
  });

  it('names the modules there are when one is misspelt', () => {
    const { status, stderr } = run('init', '--source', 'postgers');
    assert.equal(status, 2);
    assert.match(stderr, /no source module is named `postgers`; did you mean `postgres`\?/);
  });
});

describe('beamline plan', () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> => beamline(folder.path, ...args);
  const config = `
name: orders
args: { day: 2026-01-01, region: { type: string } }
sources:
  - name: orders
    module: postgres
    parameters:
      host: db
      database: shop
      user: etl
      password: "\${env:CANARY}"
      query: select * from orders where day = '\${args.day}' and region = '\${args.region}'
sinks:
  - { name: warehouse, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }
`;

  it('shows steps, arguments, destinations and the hash, and resolves no secret', () => {
    folder.write('a.yaml', config);
    const { status, stdout, stderr } = run('plan', 'a.yaml', '--arg', 'region=eu');
    assert.equal(status, 0);
    assert.match(stderr, /columns of orders was not checked: .*variable CANARY is not set/);
    assert.match(stdout, /^plan orders {2}a\.yaml {2}sha256 [0-9a-f]{64}\n/);
    assert.match(stdout, /args +day = "2026-01-01", region = "eu"/);
    assert.match(
      stdout,
      /sink +warehouse +duckdb +replace t in w\.duckdb with orders; no rows: truncate/,
    );
    assert.match(stdout, /\$\{env:CANARY\}/);
  });

  it('prints the plan as JSON, the same each time', () => {
    folder.write('a.yaml', config);
    const [one, two] = [1, 2].map(
      () => run('plan', 'a.yaml', '--arg', 'region=eu', '--json', '--offline').stdout,
    );
    assert.equal(one, two);
    const document = JSON.parse(one ?? '') as { plan: { name: string }; args: object };
    assert.equal(document.plan.name, 'orders');
    assert.deepEqual(document.args, { day: '2026-01-01', region: 'eu' });
  });

  it('is refused with every problem, as lines or as JSON', () => {
    folder.write('a.yaml', config.replace('input: orders', 'input: order'));
    const lines = run('plan', 'a.yaml');
    assert.equal(lines.status, 2);
    assert.match(
      lines.stderr,
      /a\.yaml:3:26 +args\.region +argument `region` \(string\) has no default/,
    );
    assert.match(lines.stderr, /a\.yaml:\d+:\d+ +sinks\[0\]\.input +no step is named `order`/);
    const { error } = JSON.parse(run('plan', 'a.yaml', '--json').stdout) as {
      error: { type: string; problems: { path: string }[] };
    };
    assert.equal(error.type, 'ConfigProblems');
    assert.deepEqual(
      error.problems.map(({ path }) => path),
      ['args.region', 'sinks[0].input'],
    );
  });
});

describe('beamline modules', () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> => beamline(folder.path, ...args);

  it('lists sources, transforms and sinks', () => {
    const { stdout } = run('modules');
    assert.match(stdout, /^source +postgres +Reads/m);
    assert.match(stdout, /^sink +duckdb +/m);
  });

  it('shows the parameters of one', () => {
    const { stdout } = run('modules', 'postgres');
    assert.match(stdout, /^ {2}partition\.parts +whole number/m);
    const { modules } = JSON.parse(run('modules', 'duckdb', '--json').stdout) as {
      modules: { modes: string[] }[];
    };
    assert.deepEqual(modules[0]?.modes, ['replace', 'append', 'merge']);
    assert.match(stdout, /^ {2}incremental_column +text/m);
  });

  it('names the near miss of a misspelt one', () => {
    const { status, stderr } = run('modules', 'duckbd');
    assert.equal(status, 2);
    assert.match(stderr, /did you mean `duckdb`\?/);
  });
});
