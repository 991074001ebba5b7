import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack, type Stack } from '../../src/dev/stack.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';
import { runInTerminal } from '../support/terminal.js';

/** Each run has a config of its own, so that none waits for another's destination. */
interface Case {
  runner: string;
  columns: number;
}

const cases = (['local', 'dataflow'] as const).flatMap((runner) =>
  [80, 120].map((columns): Case => ({ runner, columns })),
);

describe('`beamline run` in a terminal', function () {
  this.timeout(300_000);
  let root: string;
  let remove: (() => Promise<void>) | undefined;
  let stack: Stack | undefined;
  before(async () => {
    ({ root, remove } = await temporaryRoot());
    for (const folder of ['configs', 'data']) mkdirSync(join(root, folder));
    const rows = Array.from({ length: 4999 }, (_, index) => `${index},${index}`);
    writeFileSync(join(root, 'data', 'orders.csv'), `id,amount\n${rows.join('\n')}\n4999,none\n`);
    stack = await startStack({ root, port: 0, uiPort: 0, gatewayPort: 0 });
  });
  after(async () => {
    await stack?.stop();
    await remove?.();
  });

  it('ends with each step, each sink and where to look', async () => {
    const shown = await runAll('good', 'select id, amount from orders where id < 1000');
    for (const { columns, runner, name, exitCode, lines } of shown) {
      const bar = '█'.repeat(columns === 80 ? 9 : 20);
      assert.deepEqual(lines, [
        `run ${name}  configs/${name}.yaml  run KEY`,
        `  orders   source files   ${bar}  5,000 rows`,
        `  amounts  transform sql  ${bar}  1,000 rows`,
        `  shop     sink duckdb    ${bar}  1,000 rows`,
        `  lake     sink files     ${bar}  1,000 rows`,
        'succeeded in … s   read 5,000 rows · staged 1,000 · rejected 0',
        ...sinksOf(name, columns),
        ...(runner === 'local' ? [] : jobOf(name)),
        '  receipt   beamline receipt KEY',
        '  timeline  URL',
      ]);
      assert.equal(exitCode, 0);
    }
  });

  it('ends with the step that failed, why, and what to type', async () => {
    const sql =
      'select id, case when id < 0 then 0 when id = 0 then 1 when id = 1 then 2 else cast(amount as integer) end as n from orders';
    for (const { columns, runner, name, exitCode, lines } of await runAll('bad', sql)) {
      // How far the steps were seen to come is a matter of time.
      const steps = lines.filter((line) => /^ {2}\w+ +(source|transform|sink) /.test(line));
      const names = steps.map((line) => line.trim().split(' ')[0]);
      assert.deepEqual(names, ['orders', 'amounts', 'shop', 'lake'].slice(0, names.length));
      for (const line of steps) assert.match(line, /^ {2}\w+ +\w+ \w+ +[·█]+ {2}[\d,]+ rows$/);
      assert.deepEqual(
        lines.filter((line) => !steps.includes(line)),
        failureOf(name, runner, columns),
      );
      assert.equal(exitCode, 1);
    }
  });

  it('lists each run in one line of a narrow terminal', async () => {
    const main = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
    const { lines } = await runInTerminal([process.execPath, main, 'list'], { columns: 80 }, root);
    assert.match(lines[0] ?? '', /^run +pipeline +runner +state +started +took +rows$/);
    assert.equal(lines.length, 1 + 2 * cases.length);
    for (const line of lines.slice(1))
      assert.match(line, /^\w{10} +\S+… +\w+ +(succeeded|failed) /);
  });

  /** Runs a config with both runners in terminals of both widths at once. */
  async function runAll(outcome: string, sql: string) {
    const shown = await Promise.all(
      cases.map(async ({ runner, columns }) => {
        const name = `${outcome}-${runner}-${columns}`;
        writeFileSync(join(root, 'configs', `${name}.yaml`), configOf(name, sql));
        const main = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
        const command = [main, 'run', `configs/${name}.yaml`, '--runner', runner];
        const end = await runInTerminal([process.execPath, ...command], { columns }, root);
        return { runner, columns, name, ...end };
      }),
    );
    return shown.map(({ lines, ...rest }) => {
      isWhole(lines, rest.columns);
      return { ...rest, lines: withoutAccidents(lines) };
    });
  }
});

/** What became of the sinks: broken between words, and below its column. */
function sinksOf(name: string, columns: number): string[] {
  const shop = `  shop  sink duckdb  replaced orders in data/${name}.duckdb: 1,000 rows, version 1`;
  const lake = `  lake  sink files   replaced data/${name}/current: 1,000 rows, version 1`;
  if (columns === 120) return [shop, lake];
  return name === 'good-local-80'
    ? [...below(shop, 'version 1'), lake]
    : [...below(shop, 'rows, version 1'), ...below(lake, 'version 1')];
}

function below(line: string, words: string): string[] {
  return [line.slice(0, -words.length - 1), `${' '.repeat(21)}${words}`];
}

/** The words of a failure; the mark is below the place, also where the line is broken before it. */
function failureOf(name: string, runner: string, columns: number): string[] {
  const head = [`run ${name}  configs/${name}.yaml  run KEY`];
  const said =
    "transform amounts: Could not convert string 'none' to INT32 when casting from source";
  const failed = 'failed after … s in amounts (transform sql)';
  const shown =
    columns === 120
      ? [
          '            … id < 0 then 0 when id = 0 then 1 when id = 1 then 2 else cast(amount as integer) end as n from or…',
          `${' '.repeat(71)}^`,
        ]
      : [
          '            … id < 0 then 0 when id = 0 then 1 when id = 1 then 2 else',
          '              cast(amount as integer) end as n from or…',
          '              ^',
        ];
  const end = ['timeline  URL', 'Nothing was published. What was staged is removed.'];
  const again = `beamline run configs/${name}.yaml --runner ${runner}`;
  const cause: Record<string, string[]> = {
    'bad-local-80': [
      "cause     transform amounts: Could not convert string 'none' to INT32 when",
      '          casting from source column amount, at line 1, column 79:',
    ],
    'bad-local-120': [`cause     ${said} column amount, at line`, '          1, column 79:'],
    'bad-dataflow-80': [
      "cause     schema mismatch: transform amounts: Could not convert string 'none'",
      '          to INT32 when casting from source column amount, at line 1, column',
      '          79:',
    ],
    'bad-dataflow-120': [
      `cause     schema mismatch: ${said} column`,
      '          amount, at line 1, column 79:',
    ],
  };
  if (runner === 'local') {
    return [
      ...head,
      failed,
      ...(cause[name] ?? []),
      ...shown,
      'retry     will not help until the data or the config is changed',
      'next      correct the data, then beamline rerun KEY; or the config, then',
      `          ${again}`,
      ...end,
    ];
  }
  const job = `${name}-TIME-KEY-1`;
  return [
    ...head,
    ...(columns === 120
      ? [`${failed} → Dataflow job ${job}`]
      : [`${failed} → Dataflow job`, `  ${job}`]),
    ...(cause[name] ?? []),
    ...shown,
    'retry     will not help until the cause is removed',
    'next      correct the data, or the config that expects another form; then',
    `          ${again}`,
    'job       failed',
    'console   URL',
    ...end,
  ];
}

function jobOf(name: string): string[] {
  return [
    `  job       ${name}-TIME-KEY-1  done`,
    '  job id    ID in local1',
    '  console   URL',
    '  used      HOURS',
  ];
}

function configOf(name: string, sql: string): string {
  return `name: ${name}
sources:
  - { name: orders, module: files, parameters: { path: data/orders.csv, format: csv } }
transforms:
  - { name: amounts, module: sql, inputs: [orders], parameters: { sql: '${sql}' } }
sinks:
  - { name: shop, module: duckdb, input: amounts, parameters: { database: data/${name}.duckdb, table: orders } }
  - { name: lake, module: files, input: amounts, parameters: { path: data/${name} } }
`;
}

/** The terminal breaks nothing but an address, which has no place on any line. */
function isWhole(lines: string[], columns: number): void {
  for (const line of lines.filter(({ length }) => length > columns)) {
    const [, label = '', address = ''] = /^( *\w+ +)(https?:\S+)$/.exec(line) ?? [];
    assert.ok(label.length <= 12 && address.length > columns - 12, `${line}\nis broken`);
  }
}

/** Without what differs from run to run. */
function withoutAccidents(lines: string[]): string[] {
  const [, key = ''] = / run (\w{10})$/.exec(lines[0] ?? '') ?? [];
  return (
    lines
      .join('\n')
      .replaceAll(key, 'KEY')
      // On a machine that is slow, a run may wait for its locks, or try again.
      .replaceAll(/^ {2}(waits for |\w+ attempt \d+ failed: ).*\n( {4}.*\n)*/gm, '')
      .replaceAll(/(\d+ min )?\d+(\.\d)? s\b/g, '… s')
      .replaceAll(/https?:\S+/g, 'URL')
      .replace(/(job id +)\S+/, '$1ID')
      .replaceAll(/-\d{8}t\d{4}-KEY/g, '-TIME-KEY')
      .replace(/(used +)\S+ vCPU hours[^]* GB\s+shuffled/, '$1HOURS')
      .split('\n')
  );
}
