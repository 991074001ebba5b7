import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { loadCatalogue, packageRoot } from '../../src/config/modules/catalogue.js';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { destinationNames } from '../../src/destinations/registry.js';
import { exitCodeOf } from '../../src/cli/commands/configs/migrate.js';
import type { FoundFile } from '../../src/migrate/files.js';
import type { FindingKind } from '../../src/migrate/finding.js';
import { judge, type JudgedFile } from '../../src/migrate/judge.js';
import { totalsOf } from '../../src/migrate/totals.js';
import { temporaryFolder } from '../config/support.js';

const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
const catalogue = loadCatalogue(packageRoot);

/** Loads, and means the same here. */
const good = {
  name: 'orders',
  sources: [
    { name: 'rows', module: 'postgres', parameters: { query: 'select 1;', profile: 'shop' } },
  ],
  sinks: [
    {
      name: 'out',
      module: 'duckdb',
      input: 'rows',
      on_empty: 'keep',
      parameters: { database: 'a.duckdb', table: 'orders' },
    },
  ],
};
const profiles = {
  shop: { host: 'db', port: 5432, database: 'shop', user: 'etl', password: 'hunter2' },
};
const written = (value: unknown) => JSON.stringify(value, null, 2);

/** A file with findings of these kinds. */
function file(kind: FoundFile['kind'], ...kinds: FindingKind[]): JudgedFile {
  const where = { rule: 'a rule', file: 'a.json', line: 1, column: 1, path: '', message: '' };
  return { file: 'a.json', kind, findings: kinds.map((each) => ({ kind: each, ...where })) };
}

describe('beamline migrate', () => {
  const folder = temporaryFolder();
  const judged = () => judge(folder.path, { root: folder.path, catalogue });

  function migrate(...args: string[]) {
    return execa(process.execPath, [cli, 'migrate', ...args], { cwd: folder.path, reject: false });
  }

  it('ends with 0 where nothing means anything else', async () => {
    folder.write('orders.json', written(good));
    const { exitCode, stdout } = await migrate('orders.json');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^same {2}orders\.json\n\n1 pipeline: 1 to run as it is, 0 /);
  });

  it('ends with 2 and names file, line, column and key where something is refused', async () => {
    const { sinks, ...rest } = good;
    const wrong = { ...rest, sinks: sinks.map((sink) => ({ ...sink, modee: 'append' })) };
    folder.write('orders.json', written(wrong));
    const { exitCode, stdout } = await migrate('orders.json');
    assert.equal(exitCode, 2);
    assert.match(
      stdout,
      /^refused {2}orders\.json:\d+:\d+ {2}sinks\[0\]\.modee {2}unknown key.* \(there it had no effect\)$/m,
    );
  });

  it('does not say of a key that meant something there that it had no effect', async () => {
    const [sink] = good.sinks;
    const parameters = { ...sink?.parameters, clustering: 'a', clusterng: 'a' };
    folder.write('orders.json', written({ ...good, sinks: [{ ...sink, parameters }] }));
    const [judgedFile] = await judged();
    const said = (judgedFile?.findings ?? []).map(({ path, message }) => [
      path.split('.').at(-1),
      message.endsWith('(there it had no effect)'),
    ]);
    assert.deepEqual(said, [
      ['clustering', false],
      ['clusterng', true],
    ]);
  });

  it('prints what the documentation shows', async () => {
    const page = readFileSync(
      join(packageRoot, 'docs', 'coming-from-pydataflow-template.md'),
      'utf8',
    );
    const [, shown = ''] = /^```text\n([^]*?)^```$/m.exec(page) ?? [];
    const { on_empty: _, ...sink } = good.sinks[0] as (typeof good.sinks)[0];
    const parameters = { ...sink.parameters, tabel: 'orders' };
    folder.write('configs/orders.json', written({ ...good, sinks: [{ ...sink, parameters }] }));
    folder.write('configs/customers.json', written(good));
    const { stdout } = await migrate('configs/');
    assert.equal(stdout, shown.trimEnd());
  });

  it('ends with 5 where something only means something else', () => {
    assert.equal(exitCodeOf({ same: 1, changed: 1, refused: 0 }), 5);
    assert.equal(exitCodeOf({ same: 1, changed: 1, refused: 1 }), 2);
    assert.equal(exitCodeOf({ same: 1, changed: 0, refused: 0 }), 0);
  });

  it('counts a pipeline once, by the worst that was found in it', () => {
    const files = [
      file('pipeline', 'fixed', 'note', 'ignored'),
      file('pipeline', 'changes', 'changes', 'fixed'),
      file('pipeline', 'changes', 'refused'),
      file('unreadable', 'refused'),
      file('profiles', 'note'),
      file('other'),
    ];
    assert.deepEqual(totalsOf(files), { same: 1, changed: 1, refused: 2 });
  });

  it('prints one JSON document', async () => {
    folder.write('orders.json', written(good));
    const { stdout } = await migrate('orders.json', '--json');
    assert.deepEqual(JSON.parse(stdout), {
      same: 1,
      changed: 0,
      refused: 0,
      files: [{ file: 'orders.json', kind: 'pipeline', findings: [] }],
    });
  });

  it('judges every file of a folder, and writes nothing', async () => {
    folder.write('configs/a.json', written(good));
    folder.write('configs/deep/b.yaml', written(good));
    folder.write('configs/broken.json', '{');
    folder.write('configs/schema.json', '[{"name": "id", "type": "INTEGER"}]');
    folder.write('.test_connections.json', written(profiles));
    folder.write('node_modules/c/package.json', '{}');
    const before = readdirSync(folder.path, { recursive: true });
    const files = await judged();
    const kinds = files.map(({ file, kind }) => `${file.slice(folder.path.length + 1)} ${kind}`);
    assert.deepEqual(kinds, [
      '.test_connections.json profiles',
      'configs/a.json pipeline',
      'configs/broken.json unreadable',
      'configs/deep/b.yaml pipeline',
      'configs/schema.json other',
    ]);
    assert.deepEqual(readdirSync(folder.path, { recursive: true }), before);
  });

  it('says of a password in plain text where it stands, and never what it is', async () => {
    folder.write('.test_connections.json', written(profiles));
    const [file] = await judged();
    assert.deepEqual(
      file?.findings.map(({ kind, path, line }) => [kind, path, line]),
      [['note', 'shop.password', 7]],
    );
    assert.doesNotMatch(JSON.stringify(file), /hunter2/);
  });

  it('finds the keys of profiles where that project keeps them', async () => {
    folder.write('.test_connections.json', written(profiles));
    folder.write('orders.json', written(good));
    folder.write('other.json', written(good).replace('"shop"', '"shopp"'));
    assert.equal((await migrate('orders.json')).exitCode, 0);
    const { exitCode, stdout } = await migrate('other.json');
    assert.equal(exitCode, 2);
    assert.match(stdout, /no profile is named `shopp`.*did you mean `shop`\?/);
  });

  it('says what it was given if there is nothing of that name', async () => {
    await assert.rejects(judge('nowhere', { root: folder.path, catalogue }), ConfigProblems);
    assert.equal((await migrate('nowhere')).exitCode, 2);
  });
});

describe("the reference's folder", () => {
  const reference =
    process.env['BEAMLINE_REFERENCE'] ?? resolve(packageRoot, '..', 'shared', 'reference');

  it('is judged: only modules that are not here yet are refused', async function () {
    if (!existsSync(reference)) {
      console.log(`      skipped: ${reference} is not there (BEAMLINE_REFERENCE)`);
      this.skip();
    }
    const before = readdirSync(reference).map((name) =>
      readFileSync(join(reference, name), 'utf8'),
    );
    const files = await judge(reference, {
      root: reference,
      profile: 'connections.json',
      catalogue,
    });
    const pipelines = files.filter(({ kind }) => kind === 'pipeline');
    assert.equal(pipelines.length, 7);
    assert.deepEqual(
      files.filter(({ kind }) => kind === 'profiles').map(({ findings }) => findings.length),
      [2],
    );
    const refused = files
      .flatMap(({ findings }) => findings)
      .filter(({ kind }) => kind === 'refused');
    const isHere =
      destinationNames().includes('bigquery') &&
      catalogue.modules.some(({ name, kind }) => name === 'bigquery' && kind === 'source') &&
      catalogue.modules.some(({ name }) => name === 'beamsql') &&
      catalogue.modules.some(({ name, capabilities }) => {
        return name === 'postgres' && capabilities.incremental;
      });
    const expected = /\.(module|mode|merge_keys|incremental\w*|destination_sink_name)$/;
    assert.deepEqual(
      refused.filter(({ path }) => isHere || !expected.test(path)),
      [],
    );
    const changed = files
      .flatMap(({ findings }) => findings)
      .filter(({ kind }) => kind === 'changes');
    const rulesOf = changed.map(
      ({ file: name, rule }) => `${name.slice(reference.length + 1)} ${rule}`,
    );
    const window = 'postgres_to_bigquery_incremental_merge.json interval-zone';
    assert.deepEqual(rulesOf, isHere || changed.length > 0 ? [window] : []);
    const after = readdirSync(reference).map((name) => readFileSync(join(reference, name), 'utf8'));
    assert.deepEqual(after, before);
  });
});
