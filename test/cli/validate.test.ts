import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beamline, beamlineIn } from './beamline.js';
import { temporaryFolder } from '../config/support.js';
import { loadedIn } from '../support/loaded-in.js';

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

  it('says once that the profiles are malformed', () => {
    folder.write('.connections.json', '{');
    folder.write('a.yaml', good);
    const { stdout, stderr } = run('validate', 'a.yaml');
    assert.match(stdout, /^\.connections\.json:1:\d+ +malformed JSON/);
    assert.match(stdout, /\n1 problem in 1 file\.\n$/);
    assert.equal(stderr, '');
  });

  it('prints every problem of every file, their number, and exits with 2', () => {
    folder.write(
      'good.yaml',
      good.replace('name: orders', 'name: good').replace('table: o', 'table: more_o'),
    );
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

  it('loads little code, and none of a worker: it stays a matter of milliseconds', () => {
    folder.write('good.yaml', good);
    const coverage = join(folder.path, 'coverage');
    const env = { ...process.env, NODE_V8_COVERAGE: coverage };
    assert.equal(beamlineIn({ folder: folder.path, env }, 'validate', 'good.yaml').status, 0);
    const loaded = loadedIn(coverage);
    const sources = loaded.filter((file) => !file.includes('/dist/programs/'));
    const bytes = sources.reduce((sum, file) => sum + statSync(file).size, 0);
    assert.ok(bytes > 500_000 && bytes < 3_000_000, `${bytes} bytes of ${sources.length} files`);
    const ofWorker = /@temporalio\/(?:worker|client)|@grpc|@google-cloud|@duckdb|execa/;
    assert.deepEqual(
      loaded.filter((file) => ofWorker.test(file)),
      [],
    );
  });
});

/** A config of that pipeline that writes that table. */
const config = (name: string, table: string, more = ''): string =>
  good
    .replace('name: orders\n', `name: ${name}\n${more}`)
    .replace('table: orders', `table: ${table}`);

const schedule = (name: string): string =>
  `schedule: { name: ${name}, cron: "0 3 * * *", args: { day: "2026-01-01" } }\n`;

describe('beamline validate DIR', () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> => beamline(folder.path, ...args);

  it('checks every config below it, and says what is none', () => {
    folder.write('configs/a.yaml', bad);
    folder.write('configs/deep/b.yml', config('b', 'b').replace('duckdb', 'duckbd'));
    folder.write('configs/deep/c.json', '{"sources": 1}');
    folder.write('configs/.hidden.yaml', bad);
    folder.write('configs/my.connections.json', '{"shop": {"host": "db"}}');
    folder.write('configs/beamline.yaml', 'project: p\n');
    folder.write('configs/data.json', '[1]');
    const { status, stdout, stderr } = run('validate', 'configs');
    const files = [...stdout.matchAll(/^(\S+?):/gm)].map(([, file]) => file);
    assert.deepEqual(
      new Set(files),
      new Set(['a.yaml', 'deep/b.yml', 'deep/c.json'].map((name) => `configs/${name}`)),
    );
    assert.match(stdout, /problems in 3 files\.\n$/);
    assert.match(
      stderr,
      /left out, without `sources`, `sinks` or a `schedule`: configs\/data\.json$/m,
    );
    assert.equal(status, 2);
  });

  it('takes a file once, however often it is named', () => {
    folder.write('configs/a.yaml', config('a', 'a'));
    const { status, stdout } = run('validate', 'configs', './configs/a.yaml', 'configs/../configs');
    assert.deepEqual([status, stdout], [0, '1 file, no problems.\n']);
  });

  it('reports two configs that write one destination, whatever they call it', () => {
    folder.write('configs/a.yaml', config('a', 'orders'));
    folder.write('configs/b.yaml', config('b', 'main.ORDERS').replace('data/', './x/../data/'));
    const { status, stdout } = run('validate', 'configs');
    assert.equal(
      stdout,
      'configs/b.yaml:12:5  sinks[0].parameters  main.ORDERS in ./x/../data/warehouse.duckdb is written by ' +
        'configs/a.yaml:12:5 (sink `warehouse`) as well, and this sink replaces its rows; give one another destination\n' +
        '\n1 problem in 1 file.\n',
    );
    assert.equal(status, 2);
  });

  it('lets several append to one destination, and none replace what others append', () => {
    const appends = (name: string): string =>
      config(name, 'orders').replace('input: orders', 'input: orders\n    mode: append');
    folder.write('a.yaml', appends('a'));
    folder.write('b.yaml', appends('b'));
    folder.write('c.yaml', config('c', 'orders'));
    assert.equal(run('validate', 'a.yaml', 'b.yaml').status, 0);
    assert.match(
      run('validate', 'a.yaml', 'b.yaml', 'c.yaml').stdout,
      /c\.yaml.* this sink replaces its rows/,
    );
    assert.match(
      run('validate', 'c.yaml', 'a.yaml').stdout,
      /a\.yaml.* that one replaces this sink’s rows/,
    );
  });

  it('does not take two destinations for one where an argument decides', () => {
    const table = '"orders_${args.day}"';
    folder.write('a.yaml', config('a', table).replace('type: date', 'type: string'));
    folder.write('b.yaml', config('b', table).replace('type: date', 'type: string'));
    assert.equal(run('validate', 'a.yaml', 'b.yaml').status, 0);
    assert.match(run('validate', 'a.yaml', 'b.yaml', '--arg', 'day=x').stdout, /replaces its rows/);
  });

  it('reports two sinks of one config with one destination', () => {
    const sink = good.slice(good.indexOf('  - name: warehouse'));
    folder.write('a.yaml', good + sink.replace('name: warehouse', 'name: other'));
    assert.match(
      run('validate', 'a.yaml').stdout,
      /sinks `warehouse` and `other` both write orders in/,
    );
  });

  it('reports two schedules, and two pipelines, of one name', () => {
    folder.write('configs/a.yaml', config('a-b', 't1', schedule('daily')));
    folder.write('configs/b.yaml', config('b', 't2', schedule('daily')));
    folder.write('configs/c.yaml', config('b', 't3'));
    folder.write('configs/d.yaml', config('a', 't4', schedule('b-daily')));
    const { stdout } = run('validate', 'configs');
    assert.match(
      stdout,
      /b\.yaml:3:19 +schedule\.name +`daily` is the schedule of configs\/a\.yaml:3:19 already/,
    );
    assert.match(stdout, /c\.yaml:2:7 +name +`b` is the pipeline of configs\/b\.yaml:2:7 already/);
    assert.match(
      stdout,
      /d\.yaml.* its runs would be named `a-b-daily`, as are those of configs\/a\.yaml:3:19/,
    );
  });

  it('is no success where there is no config', () => {
    folder.write('configs/data.json', '[1]');
    const { status, stdout } = run('validate', 'configs');
    assert.match(stdout, /^configs +no config is below it/);
    assert.equal(status, 2);
  });

  it('refuses a folder of too much', () => {
    const line = `${'x'.repeat(999)}\n`;
    for (let file = 0; file < 11; file++) folder.write(`big/${file}.json`, line.repeat(9_500));
    const { status, stdout } = run('validate', 'big');
    assert.match(stdout, /^big +more than 100,000,000 bytes of YAML and JSON are below it/);
    assert.equal(status, 2);
  });
});

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
    assert.match(stdout, /validate .*<paths\.\.\.>/);
  });

  it('says an unexpected error in one line, and all of it with --verbose', () => {
    folder.write('file', '');
    const short = beamline(folder.path, 'init', 'file/below.yaml');
    assert.match(short.stderr, /^error: .*\n.*--verbose.*\n$/);
    assert.equal(short.status, 1);
    assert.match(beamline(folder.path, '--verbose', 'init', 'file/below.yaml').stderr, /\n {4}at /);
  });
});
