import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { destinationNames } from '../../src/destinations/registry.js';

const code = ['src', 'beam-pipeline/src/beam_pipeline'];
const wings = ['source', 'transform', 'sink'].map(
  (kind) => `beam-pipeline/src/beam_pipeline/modules/${kind}`,
);

/** Where the core names a member, and why it may; whatever else does asks the member, or reads what it says as data. */
const allowed: Record<string, Record<string, string>> = {
  'src/cli/commands/configs/init.ts': {
    postgres:
      'the default of an option: the first config is of something, and a person may say another',
    duckdb: 'the same',
  },
  'src/migrate/rules.ts': {
    beamsql: "a module of the reference's configs, which are rewritten",
    timezone: 'a key of a config and of its schedule',
  },
  'src/dev/demo/sample-database.ts': {
    postgres: 'the program of the demo: a database server, not the source',
  },
  'src/dev/environment/endpoints.ts': { bigquery: 'the emulator of the service, which has a port' },
  'src/dev/environment/dev-environment.ts': { bigquery: 'the same: its address' },
  'src/dev/environment/stack-record.ts': { bigquery: 'the same: its process' },
  'src/dev/parts/bigquery.ts': { bigquery: 'the same, as a part of the local stack' },
  'src/dev/services/programs.ts': { bigquery: 'the same: its folder' },
  'src/dev/stack.ts': { bigquery: 'the same: the order in which parts stop' },
  'src/cli/commands/services/emulator.ts': { bigquery: 'the same, as a command' },
  'src/cli/completion/cases.ts': { files: 'a word: what a shell completes' },
  'src/cli/completion/fish.ts': { files: 'the same' },
  'src/cli/completion/posix.ts': { files: 'the same' },
  'src/cli/commands/configs/plan.ts': { sql: 'a parameter that a problem may be about' },
  'src/activities/staged/fetch-staged.ts': { files: 'a key of the manifest' },
  'src/activities/staged/footers.ts': { files: 'the same' },
  'src/destinations/staged-parquet.ts': { files: 'the same' },
  'beam-pipeline/src/beam_pipeline/staging/staging.py': { files: 'the same' },
  'beam-pipeline/src/beam_pipeline/modules/transform/beamsql/params.py': { sql: 'a parameter' },
  'beam-pipeline/src/beam_pipeline/modules/transform/beamsql/rewrite.py': {
    duckdb:
      "the dialect that SQL is translated to, by sqlglot's name: the engine, not the destination",
  },
  'beam-pipeline/src/beam_pipeline/modules/transform/beamsql/template.py': { duckdb: 'the same' },
  'src/schedules/schedule.ts': { timezone: 'a key of a schedule' },
  'src/schedules/times/backfill-range.ts': { timezone: 'the same' },
  'src/schedules/times/left-out.ts': { timezone: 'the same' },
};

/** Names that are words, too: as a key of an object they mean something else. */
const words = ['files', 'select', 'sql', 'timezone'];

interface Named {
  file: string;
  line: number;
  name: string;
  text: string;
}

describe('the core', () => {
  const members = membersOf();
  const found = code.flatMap((folder) => filesBelow(join(packageRoot, folder)).flatMap(usesIn));

  it('knows every member by its folder', () => {
    for (const name of ['postgres', 'select', 'duckdb']) assert.ok(members.has(name), name);
  });

  it('names no member, but where a reason says why', () => {
    const strange = found.filter(({ file, name }) => allowed[file]?.[name] === undefined);
    assert.deepEqual(
      strange.map(({ file, line, name, text }) => `${file}:${line}  names \`${name}\`: ${text}`),
      [],
      'let the member say it as data, or give the reason in test/house/members.test.ts',
    );
  });

  it('has no reason for what it does not name', () => {
    const needless = Object.entries(allowed).flatMap(([file, reasons]) =>
      Object.keys(reasons).filter(
        (name) => !found.some((each) => each.file === file && each.name === name),
      ),
    );
    assert.deepEqual(needless, []);
  });

  it('would be found to name one', () => {
    const lines: [string, string[]][] = [
      ["if (module === 'duckdb') return;", ['duckdb']],
      ['DEFAULT_PORTS = {"postgres": 5432}', ['postgres']],
      ['const ports = { mysql: 3306 };', ['mysql']],
      ["import { openTable } from '../destinations/bigquery/table/open-table.js';", ['bigquery']],
      ["import { ids } from './duckdb/columns.js';", ['duckdb']],
      ['from beam_pipeline.modules.transform.sql.params import SqlParams', ['sql']],
      ["// as `duckdb` does, and 'duckdb'", []],
      [' * what "duckdb" is', []],
      ['# "duckdb"', []],
      ['throw new Error(`read files with a files source`)', []],
      ['const rest = { files: 1, timezone }', []],
    ];
    for (const [text, name] of lines) assert.deepEqual(namesIn(text, members), name, text);
  });

  function usesIn(path: string): Named[] {
    const file = relative(packageRoot, path).split(sep).join('/');
    return readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((text, index) =>
        namesIn(text, members)
          .filter((name) => !members.get(name)?.some((own) => file.startsWith(`${own}/`)))
          .map((name): Named => ({ file, line: index + 1, name, text: text.trim() })),
      );
  }
});

/** The members that a line of code names. */
function namesIn(text: string, members: ReadonlyMap<string, unknown>): string[] {
  const said = text.replace(/^\s*(?:\*|\/\*|\/\/|#).*$/, '').replace(/\s(?:\/\/|#) .*$/, '');
  return [...members.keys()].filter((name) => {
    const uses = [
      `(?<quote>['"])${name}\\k<quote>`,
      `(?:from|import\\() ?'[./]*(?:/|destinations/)${name}/`,
      String.raw`\bmodules\.(?:source|transform|sink)\.${name}\b`,
      ...(words.includes(name) ? [] : [String.raw`\b${name}\??: `]),
    ];
    return uses.some((use) => new RegExp(use).test(said));
  });
}

/** Every member, with its folders: a source and a destination may have one name. */
function membersOf(): Map<string, string[]> {
  const folders = [
    ...destinationNames().map((name) => `src/destinations/${name}`),
    ...wings.flatMap((wing) =>
      readdirSync(join(packageRoot, wing), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
        .map(({ name }) => `${wing}/${name}`),
    ),
  ];
  const members = new Map<string, string[]>();
  for (const folder of folders) {
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    members.set(name, [...(members.get(name) ?? []), folder]);
  }
  return members;
}

/** Code, without its tests. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|py)$/.test(name) && !/(?:^|[/\\])test_/.test(name))
    .map((name) => join(folder, name));
}
