import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { beamline } from './beamline.js';
import { temporaryFolder } from '../config/support.js';

const good = `
name: orders
args: { day: { type: date } }
sources:
  - name: orders
    module: postgres
    parameters: { profile: shop, query: "select * from orders where day = '\${args.day}'" }
sinks:
  - name: warehouse
    module: duckdb
    input: orders
    parameters: { database: data/warehouse.duckdb, table: orders }
`;
const bad = good.replace('query:', 'querry:').replace('input: orders', 'input: order');

describe('beamline validate', () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> => beamline(folder.path, ...args);

  it('accepts a config whose arguments and profiles are not known yet', () => {
    folder.write('configs/good.yaml', good);
    const { status, stdout, stderr } = run('validate', 'configs/good.yaml');
    assert.equal(stdout, '1 file, no problems.\n');
    assert.match(stderr, /profile shop not looked up/);
    assert.equal(status, 0);
  });

  it('prints every problem of every file, their number, and exits with 2', () => {
    folder.write('good.yaml', good);
    folder.write('configs/bad.yaml', bad);
    const { status, stdout } = run('validate', 'configs/bad.yaml', 'good.yaml', 'nowhere.yaml');
    assert.equal(
      stdout,
      [
        'configs/bad.yaml:7:34   sources[0].parameters.querry  unknown key; did you mean `query`? (source `orders`)',
        'configs/bad.yaml:11:12  sinks[0].input                no step is named `order`; did you mean `orders`? (orders)',
        'nowhere.yaml  no such file',
        '',
        '3 problems in 2 files.',
        '',
      ].join('\n'),
    );
    assert.equal(status, 2);
  });

  it('prints one JSON document with --json', () => {
    folder.write('bad.yaml', bad);
    const { status, stdout, stderr } = run('validate', 'bad.yaml', '--json');
    const document = JSON.parse(stdout) as { problems: number; files: { problems: unknown[] }[] };
    assert.equal(document.problems, 2);
    assert.deepEqual(document.files[0]?.problems[0], {
      file: 'bad.yaml',
      line: 7,
      column: 34,
      path: 'sources[0].parameters.querry',
      message: 'unknown key; did you mean `query`? (source `orders`)',
    });
    assert.deepEqual([status, stderr], [2, '']);
  });

  it('checks given arguments and the named profiles', () => {
    folder.write('good.yaml', good);
    folder.write('profiles.json', '{"shop": {"host": "db", "database": "shop", "user": "etl"}}');
    const right = run(
      'validate',
      'good.yaml',
      '--profile',
      'profiles.json',
      '--arg',
      'day=2026-01-31',
    );
    assert.deepEqual([right.status, right.stderr], [0, '']);
    const wrong = run('validate', 'good.yaml', '--arg', 'day=tomorrow', '--arg', 'dya=1');
    assert.match(
      wrong.stdout,
      /argument `day` must be a date such as 2026-01-31, got text "tomorrow"/,
    );
    assert.match(wrong.stdout, /no argument is named `dya`; did you mean `day`\?/);
    assert.equal(wrong.status, 2);
  });

  it('takes relative paths in a config from --root', () => {
    folder.write('project/sql/orders.sql', 'select 1');
    folder.write('project/a.yaml', good.replace(/query: .*/, 'query: sql/orders.sql }'));
    assert.match(run('validate', 'project/a.yaml').stdout, /sql\/orders\.sql: no such file/);
    assert.equal(run('validate', 'project/a.yaml', '--root', 'project').status, 0);
  });

  it('takes a small multiple of the time of an empty program, from start to exit', () => {
    folder.write('good.yaml', good);
    const empty = least(() => spawnSync(process.execPath, ['-e', '0']));
    const validate = least(() => run('validate', 'good.yaml'));
    // On a quiet machine an empty program takes 40 ms, so that this is half a second.
    assert.ok(validate < 12 * empty, `${validate} ms, an empty program ${empty} ms`);
  });
});

/** The least time of five runs, in milliseconds. */
function least(body: () => { status: number | null }): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    assert.equal(body().status, 0);
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe('beamline', () => {
  const folder = temporaryFolder();

  it('exits with 2 for a command, an option or an argument that is wrong', () => {
    const wrong = [
      ['valdate'],
      ['validate'],
      ['validate', 'a.yaml', '--agr', 'x=1'],
      ['plan', 'a', '--arg', 'x'],
    ];
    for (const args of wrong) {
      const { status, stderr, stdout } = beamline(folder.path, ...args);
      assert.deepEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(stderr, /^error: /);
    }
  });

  it('prints its help', () => {
    const { status, stdout } = beamline(folder.path, '--help');
    assert.equal(status, 0);
    assert.match(stdout, /validate .*<files\.\.\.>/);
  });

  it('says an unexpected error in one line, and all of it with --verbose', () => {
    folder.write('file', '');
    const short = beamline(folder.path, 'init', 'file/below.yaml');
    assert.match(short.stderr, /^error: .*\n.*--verbose.*\n$/);
    assert.equal(short.status, 1);
    assert.match(beamline(folder.path, '--verbose', 'init', 'file/below.yaml').stderr, /\n {4}at /);
  });
});
