import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, parseConfig } from '../../src/config/document/document.js';
import { located, pinnedOf } from '../../src/config/plan/located.js';
import { buildPlan } from '../../src/config/build-plan.js';
import type { BuiltPlan, PinnedPlan } from '../../src/config/plan/plan-types.js';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { catalogue, corpus, temporaryFolder } from './support.js';

const options = { root: corpus, store: 's1', catalogue, profile: 'profiles.json' };

function planOf(name: string, args: Record<string, unknown> = {}): Promise<BuiltPlan> {
  return buildPlan(loadConfig(`valid/${name}`, { root: corpus }), { ...options, args });
}

async function messagesOf(building: Promise<unknown>): Promise<string[]> {
  const error: unknown = await building.then(
    () => assert.fail('the plan was built'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigProblems, String(error));
  return error.problems.map((problem) => problem.message);
}

describe('the plan', () => {
  it('is the same, byte for byte, for a config in YAML, in JSON and indented with tabs', async () => {
    const plans = await Promise.all(
      ['minimal.yaml', 'minimal.json', 'tabs.json'].map((n) => planOf(n)),
    );
    assert.equal(new Set(plans.map((plan) => plan.sha256)).size, 1);
  });

  it('is pinned by the sha256 of its canonical JSON', async () => {
    const { canonicalJson, sha256, plan } = await planOf('minimal.yaml');
    assert.equal(createHash('sha256').update(canonicalJson).digest('hex'), sha256);
    assert.deepEqual(JSON.parse(canonicalJson), pinnedOf(plan));
  });

  it('is the same for every store and every project root, and finds its destinations in each', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'beamline-elsewhere-'));
    try {
      cpSync(corpus, elsewhere, { recursive: true });
      const here = await planOf('minimal.yaml');
      const loaded = loadConfig('valid/minimal.yaml', { root: elsewhere });
      const there = await buildPlan(loaded, { ...options, root: elsewhere, store: 'another' });
      assert.equal(there.sha256, here.sha256);
      for (const [built, root, storeId] of [
        [here, corpus, options.store],
        [there, elsewhere, 'another'],
      ] as const) {
        const pinned = JSON.parse(here.canonicalJson) as PinnedPlan;
        assert.deepEqual(await located(pinned, { root, storeId }), built.plan);
      }
      assert.notDeepEqual(there.plan, here.plan);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('of an older version has the destinations that it was pinned with', async () => {
    const { plan } = await planOf('minimal.yaml');
    const sinks = plan.sinks.map((sink) => ({
      ...sink,
      destination: 'duckdb:old:/w.duckdb#main.t',
    }));
    const context = { root: corpus, storeId: 'another' };
    assert.deepEqual((await located({ ...plan, sinks }, context)).sinks, sinks);
  });

  it('is named after its file where the config has no name', async () => {
    const text = readFileSync(join(corpus, 'valid', 'minimal.yaml'), 'utf8').replace(
      /^name:.*$/m,
      '',
    );
    for (const [file, name] of [
      ['/configs/orders.json.yaml', 'orders-json'],
      ['/configs/01 daily_orders.yaml', 'pipeline-01-daily_orders'],
    ] as const) {
      const { plan } = await buildPlan(parseConfig(text, { file, path: file }), options);
      assert.equal(plan.name, name);
    }
  });

  it('changes with an argument', async () => {
    const one = await planOf('sql-file.yaml');
    const other = await planOf('sql-file.yaml', { day: '2026-01-02' });
    assert.notEqual(one.sha256, other.sha256);
  });

  it('holds the text of a .sql file with the arguments filled in', async () => {
    const { plan } = await planOf('sql-file.yaml');
    assert.equal(
      plan.sources[0]?.parameters['query'],
      "select * from orders where day = '2026-01-01'\n",
    );
  });

  it('holds what every key says', async () => {
    const { plan, args, destinations, profiles } = await planOf('every-key.yaml', { region: 'eu' });
    assert.deepEqual(args, {
      day: '2026-01-01',
      parts: 8,
      since: '2026-01-01T00:00:00Z',
      ratio: 0.5,
      strict: true,
      region: 'eu',
    });
    assert.equal(plan.timeout_ms, 7_200_000);
    assert.equal(plan.destination_wait_ms, 500);
    assert.equal(plan.timezone, 'Europe/Berlin');
    assert.deepEqual(plan.sources[0]?.parameters['partition'], { column: 'id', parts: 8 });
    assert.match(String(plan.transforms[0]?.parameters['sql']), /> 0\.5$/);
    assert.equal(plan.sinks[0]?.parameters['database'], 'data/eu.duckdb');
    assert.equal(plan.sinks[0]?.destination, destinations[0]?.key);
    assert.match(destinations[0]?.key ?? '', /^duckdb:s1:.*data\/eu\.duckdb#mart\.orders$/);
    assert.match(profiles ?? '', /profiles\.json$/);
  });

  it('leaves the references of a connection as they are', async () => {
    const { plan, canonicalJson } = await planOf('references.yaml');
    assert.equal(plan.sources[0]?.parameters['password'], '${file:/run/secrets/shop}');
    assert.equal(plan.sources[0]?.parameters['query'], "select '${env:HOME}' as text");
    assert.doesNotMatch(canonicalJson, /SHOP_PASSWORD/);
  });

  it('empties on replace and keeps on append when there are no rows', async () => {
    const { plan } = await planOf('minimal.yaml');
    assert.deepEqual([plan.sinks[0]?.mode, plan.sinks[0]?.on_empty], ['replace', 'truncate']);
    const text = JSON.stringify(loadConfig('valid/minimal.json', { root: corpus }).value);
    const append = text
      .replace('"input":', '"mode":"append","input":')
      .replace('"parameters":{', '"incremental":true,"parameters":{"incremental_column":"day",');
    const loaded = parseConfig(append, { file: 'a.json', path: `${corpus}/a.json` });
    const appended = await buildPlan(loaded, options);
    assert.equal(appended.plan.sinks[0]?.on_empty, 'keep');
  });

  it('is not made without an argument that it needs', async () => {
    assert.deepEqual(await messagesOf(planOf('every-key.yaml')), [
      'argument `region` (string) has no default; give it: --arg region=…',
    ]);
  });

  it('is not made if two sinks write to the same place', async () => {
    const text = `
name: twice
sources:
  - { name: a, module: files, parameters: { path: a.csv, format: csv } }
sinks:
  - { name: one, module: duckdb, input: a, parameters: { database: x.duckdb, table: t } }
  - { name: two, module: duckdb, input: a, parameters: { database: ./x.duckdb, table: main.T } }
`;
    const loaded = parseConfig(text, { file: 'a.yaml', path: `${corpus}/a.yaml` });
    assert.deepEqual(await messagesOf(buildPlan(loaded, options)), [
      'sinks `one` and `two` both write main.T in ./x.duckdb; join their inputs in a transform, ' +
        'or give one another destination',
    ]);
  });
});

describe('connection profiles', () => {
  const folder = temporaryFolder();
  const config = (key: string): string =>
    folder.write(
      'configs/a.yaml',
      `
name: a
sources:
  - { name: a, module: postgres, parameters: { profile: ${key}, query: select 1 } }
sinks:
  - { name: b, module: duckdb, input: a, parameters: { database: x.duckdb, table: t } }
`,
    );
  const build = (profile?: string, key = 'shop'): Promise<BuiltPlan> =>
    buildPlan(loadConfig(config(key), { root: folder.path, file: 'a.yaml' }), {
      root: folder.path,
      store: 's1',
      catalogue,
      profile,
    });
  const good = '{"shop": {"host": "db", "database": "shop", "user": "etl", "password": "canary"}}';

  it('are found beside the config, and before those of the project root', async () => {
    folder.write('.connections.json', '{}');
    folder.write('configs/.connections.json', good);
    assert.equal((await build()).profiles, `${folder.path}/configs/.connections.json`);
  });

  it('are found in the project root', async () => {
    folder.write('.connections.json', good);
    assert.equal((await build()).profiles, `${folder.path}/.connections.json`);
  });

  it('are those of the demo for a config that uses no others', async () => {
    const flights = good.replace('shop', 'flights_db');
    const demo = folder.write('.beamline/demo/connections.json', flights);
    assert.equal((await build(undefined, 'flights_db')).profiles, demo);
    const [message] = await messagesOf(build());
    assert.match(message ?? '', /no connection profiles to find `shop` in/);
    const own = folder.write('.connections.json', flights);
    assert.equal((await build(undefined, 'flights_db')).profiles, own);
  });

  it('are missed by a run that needs them', async () => {
    const [message] = await messagesOf(build());
    assert.match(
      message ?? '',
      /no connection profiles to find `shop` in: put a \.connections\.json/,
    );
  });

  it('are missed if the named file is not there', async () => {
    assert.deepEqual(await messagesOf(build('nowhere.json')), ['no such file']);
  });

  it('name the keys there are when one is misspelt', async () => {
    folder.write('.connections.json', '{"shopp": {}, "other": {}}');
    assert.deepEqual(await messagesOf(build()), [
      'no profile is named `shop` in .connections.json; did you mean `shopp`? (shopp, other)',
    ]);
  });

  it('are those of the demo where they are spelt so, or nearly so', async () => {
    const where =
      "the demo's connection, which `make demo` writes to .beamline/demo/connections.json";
    assert.deepEqual(await messagesOf(build(undefined, 'flights_db')), [
      `there are no connection profiles to find \`flights_db\` in: \`flights_db\` is ${where}`,
    ]);
    const near = `did you mean \`flights_db\`, ${where}`;
    assert.deepEqual(await messagesOf(build(undefined, 'flight_db')), [
      `there are no connection profiles to find \`flight_db\` in: ${near}`,
    ]);
    folder.write('.connections.json', '{"shop": {}}');
    assert.deepEqual(await messagesOf(build(undefined, 'flight_db')), [
      `no profile is named \`flight_db\` in .connections.json; ${near}`,
    ]);
  });

  it('are checked without showing a value', async () => {
    folder.write(
      '.connections.json',
      '{"shop": {"hots": "canary", "password": ["canary"], "port": "canary"}}',
    );
    const messages = await messagesOf(build());
    assert.deepEqual(messages, [
      'is required and missing',
      'is required and missing',
      'unknown key; did you mean `host`?',
      'must be text, got a list',
      'must be a port, a number from 1 to 65535, got a text that is none',
    ]);
  });

  const messagesFor = async (given: Record<string, unknown>): Promise<string[]> => {
    const shop = { host: 'db', database: 'shop', user: 'etl', ...given };
    folder.write('.connections.json', JSON.stringify({ shop }));
    return messagesOf(build());
  };

  it('have a type, a host and a port that there can be', async () => {
    for (const port of [5432, '5432', ' 5432 ', '${env:PORT}', null]) {
      await assert.rejects(messagesFor({ port }), /the plan was built/, String(port));
    }
    for (const port of [0, -1, 65536, 1.5]) {
      const message = `must be a port, a number from 1 to 65535, got \`${port}\``;
      assert.deepEqual(await messagesFor({ port }), [message]);
    }
    for (const port of ['', 'canary', '70000', '0x10', '1e3']) {
      assert.match((await messagesFor({ port }))[0] ?? '', /got a text that is none$/, port);
    }
    assert.deepEqual(await messagesFor({ port: true, host: '', type: 'postgress' }), [
      'must not be empty',
      'must be a number or text, got `true`',
      'must be one of mysql, postgres; did you mean `postgres`?',
    ]);
    assert.deepEqual(await messagesFor({ sslmode: 'requre' }), [
      'must be one of disable, allow, prefer, require, verify-ca, verify-full; did you mean `require`?',
    ]);
  });

  it('are refused as malformed JSON without showing a piece of it', async () => {
    folder.write('.connections.json', '{"shop": {"password": "canary" "canary"}}');
    const messages = await messagesOf(build());
    assert.match(messages[0] ?? '', /^malformed JSON: /);
    assert.doesNotMatch(messages.join('\n'), /canary/);
  });
});
