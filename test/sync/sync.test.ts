import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { mirroredFiles } from '../../src/sync/mirrored-files.js';
import { sync, type SyncChange, type SyncOptions } from '../../src/sync/sync.js';
import { contents } from '../activities/support.js';
import { startStorage, type StorageEmulator } from '../support/storage.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';

const config = (sql: string, password = ''): string => `name: orders
sources:
  - name: orders
    module: postgres
    parameters: { query: ${sql}, ${password} profile: shop }
sinks:
  - { name: w, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }
`;

function put(root: string, name: string, content: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

const kinds = (changes: readonly SyncChange[]): Record<string, string> =>
  Object.fromEntries(changes.map(({ path, kind }) => [path, kind]));

describe('sync', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;
  let objects: ObjectStore;
  let root: string;
  let store: string;
  let tests = 0;

  before(async () => {
    ({ root: folder, remove } = await temporaryRoot());
    emulator = await startStorage(join(folder, 'storage'));
    await emulator.createBucket('bucket');
    objects = createObjectStore({ endpoint: emulator.endpoint });
  });
  beforeEach(() => {
    root = join(folder, `project-${++tests}`);
    store = `gs://bucket/store-${tests}`;
    put(root, 'configs/orders.yaml', config('sql/orders.sql'));
    put(root, 'configs/plain.json', '{"name": "plain"}');
    put(root, 'examples/deep/readme.md', 'read me');
    put(root, 'sql/orders.sql', 'select 1');
    put(root, 'sql/unused.sql', 'select 2');
  });
  after(async () => {
    await emulator.stop();
    await remove();
  });

  async function run(
    options: Partial<SyncOptions> = {},
    through = objects,
  ): Promise<ReturnType<typeof sync>> {
    const { files } = await mirroredFiles(options.root ?? root);
    const asked = { root, store, owner: 'me', files, remove: false, dryRun: false, ...options };
    return sync(through, asked);
  }
  const mirror = () => contents(objects, `${store}/project`);

  /** Runs the command as a person would. */
  function command(args: string[], env: NodeJS.ProcessEnv = {}) {
    const main = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
    const where = store === '' ? [] : ['--store', store];
    const child = spawn(process.execPath, [main, 'sync', ...where, ...args], {
      cwd: root,
      env: { ...process.env, STORAGE_EMULATOR_HOST: emulator.endpoint, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return Promise.all([
      once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
      text(child.stdout),
      text(child.stderr),
    ]);
  }

  it('uploads configs, examples and the SQL that they name, and then only what changed', async () => {
    assert.deepEqual(kinds((await run()).changes), {
      'configs/orders.yaml': 'create',
      'configs/plain.json': 'create',
      'examples/deep/readme.md': 'create',
      'sql/orders.sql': 'create',
    });
    assert.deepEqual(await run(), { changes: [], unchanged: 4 });
    put(root, 'sql/orders.sql', 'select 3');
    assert.deepEqual(await run(), {
      changes: [{ path: 'sql/orders.sql', kind: 'update' }],
      unchanged: 3,
    });
    assert.equal((await mirror())['sql/orders.sql'], 'select 3');
  });

  it('deletes only what it uploaded, and only if asked', async () => {
    await run();
    await run({ owner: 'another', files: ['sql/unused.sql'] });
    await objects.write(`${store}/project/by-hand.txt`, 'x');
    await objects.write(`${store}/plans/x.json`, 'x');
    rmSync(join(root, 'configs', 'plain.json'));
    assert.deepEqual(kinds((await run()).changes), { 'configs/plain.json': 'stale' });
    assert.ok('configs/plain.json' in (await mirror()));
    const dry = await run({ remove: true, dryRun: true });
    assert.deepEqual(kinds(dry.changes), { 'configs/plain.json': 'delete' });
    assert.ok('configs/plain.json' in (await mirror()));
    assert.deepEqual((await run({ remove: true })).changes, dry.changes);
    assert.deepEqual((await run({ remove: true })).changes, []);
    assert.deepEqual(Object.keys(await mirror()), [
      'by-hand.txt',
      'configs/orders.yaml',
      'examples/deep/readme.md',
      'sql/orders.sql',
      'sql/unused.sql',
    ]);
    assert.ok('x.json' in (await contents(objects, `${store}/plans`)));
  });

  it('leaves alone what somebody else put there, and says so', async () => {
    await objects.write(`${store}/project/sql/orders.sql`, 'by hand');
    await objects.write(`${store}/project/configs/plain.json`, '{"name": "plain"}');
    const { changes, unchanged } = await run();
    assert.equal(kinds(changes)['sql/orders.sql'], 'foreign');
    assert.equal(unchanged, 1, 'what is equal is no trouble');
    assert.equal((await mirror())['sql/orders.sql'], 'by hand');
  });

  it('never uploads profiles, keys, hidden files, and what leads out of the project', async () => {
    put(root, 'configs/.connections.json', '{}');
    put(root, 'configs/prod.json', '{"shop": {"host": "db", "user": "u", "password": "planted"}}');
    put(root, 'configs/sa.json', '{"type": "service_account", "private_key": "planted"}');
    put(root, 'configs/inline.yaml', config('select 1', 'password: planted,'));
    put(root, 'configs/broken.yaml', 'password: [planted');
    put(root, 'configs/top.yaml', 'password: planted');
    put(root, 'configs/.env', 'planted');
    put(root, 'configs/server.pem', 'planted');
    put(root, 'configs/.git/config', 'planted');
    put(root, 'configs/far.yaml', config('../outside.sql'));
    put(root, 'configs/gone.yaml', config('sql/gone.sql'));
    put(root, 'configs/hidden.yaml', config('.secrets/q.sql'));
    put(root, '.secrets/q.sql', 'planted');
    put(folder, `outside-${tests}/q.sql`, 'planted');
    symlinkSync(join(folder, `outside-${tests}`), join(root, 'far'));
    put(root, 'configs/through.yaml', config('far/q.sql'));
    symlinkSync('/etc/hostname', join(root, 'configs', 'link'));
    const { leftOut } = await mirroredFiles(root);
    await run();
    const uploaded = await mirror();
    assert.ok(!JSON.stringify(uploaded).includes('planted'), JSON.stringify(uploaded));
    const why = Object.fromEntries(leftOut.map((one) => [one.path, one.why]));
    assert.deepEqual(Object.keys(why), [
      '../outside.sql',
      '.secrets/q.sql',
      'configs/.connections.json',
      'configs/.env',
      'configs/.git',
      'configs/broken.yaml',
      'configs/inline.yaml',
      'configs/link',
      'configs/prod.json',
      'configs/sa.json',
      'configs/server.pem',
      'configs/top.yaml',
      'far/q.sql',
      'sql/gone.sql',
    ]);
    assert.equal(
      why['configs/inline.yaml'],
      'it holds a secret in plain text (line 5, sources[0].parameters.password)',
    );
    assert.equal(why['sql/gone.sql'], 'no such file (named by configs/gone.yaml)');
    assert.equal(why['configs/prod.json'], 'connection profiles are never uploaded');
  });

  it('lets one of two syncs at once win each file, and the other says so', async () => {
    await run();
    const other = join(folder, `other-${tests}`);
    for (const [project, who] of [
      [root, 'A'],
      [other, 'B'],
    ] as const) {
      put(project, 'configs/orders.yaml', config(`select '${who}'`));
      put(project, 'configs/new.json', `{"name": "${who}"}`);
      put(project, 'configs/plain.json', '{"name": "both"}');
      put(project, 'examples/deep/readme.md', 'read me');
    }
    // Both have seen the bucket before either writes.
    let looking = 2;
    const seen = Promise.withResolvers<null>();
    const together: ObjectStore = {
      ...objects,
      async *list(prefix) {
        yield* objects.list(prefix);
        if (--looking === 0) seen.resolve(null);
        await seen.promise;
      },
    };
    const both = await Promise.all([run({}, together), run({ root: other }, together)]);
    const result = await mirror();
    for (const path of ['configs/orders.yaml', 'configs/new.json']) {
      const ends = both.map(({ changes }) => kinds(changes)[path]);
      assert.equal(ends.filter((kind) => kind === 'conflict').length, 1, `${path}: ${ends.join()}`);
      const winner = ends.indexOf('conflict') === 0 ? 'B' : 'A';
      assert.match(result[path] ?? '', new RegExp(`['"]${winner}['"]`));
    }
    assert.equal(result['configs/plain.json'], '{"name": "both"}');
    assert.ok(both.every(({ changes }) => kinds(changes)['configs/plain.json'] !== 'conflict'));
  });

  it('does not delete what another sync has just written again', async () => {
    await run();
    rmSync(join(root, 'configs', 'plain.json'));
    const late: ObjectStore = {
      ...objects,
      async *list(prefix) {
        yield* objects.list(prefix);
        put(root, 'configs/plain.json', '{"name": "back"}');
        await run();
      },
    };
    const files = (await mirroredFiles(root)).files;
    const { changes } = await run({ files, remove: true }, late);
    assert.deepEqual(kinds(changes), { 'configs/plain.json': 'conflict' });
    assert.equal((await mirror())['configs/plain.json'], '{"name": "back"}');
  });

  it('is finished by the next one if it is killed', async () => {
    for (let index = 0; index < 30; index++) put(root, `configs/${index}.json`, `{"n": ${index}}`);
    const faults = join(root, 'faults');
    put(root, 'faults/sync:uploaded', 'SIGKILL');
    const [end] = await command([], { BEAMLINE_FAULT_POINTS: faults });
    assert.equal(end, 'SIGKILL');
    const partly = Object.keys(await mirror()).length;
    assert.ok(partly > 0 && partly < 34, String(partly));
    const [again, said] = await command(['--json']);
    assert.equal(again, 0);
    assert.equal((JSON.parse(said) as { changes: [] }).changes.length, 34 - partly);
    assert.equal(Object.keys(await mirror()).length, 34);
  });

  it('two commands at once both succeed with the same files', async () => {
    const ends = await Promise.all([command([]), command(['--delete'])]);
    for (const [code, stdout, stderr] of ends) assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.equal(Object.keys(await mirror()).length, 4);
  });

  it('says what it did, and with --exit-code that something would change', async () => {
    put(root, 'configs/.connections.json', '{}');
    const [pending, dry] = await command(['--dry-run', '--exit-code']);
    assert.equal(pending, 5, dry);
    assert.match(dry, /4 changes to make in gs:\/\/bucket\/store-\d+\/project, 0 unchanged\.\n$/);
    assert.deepEqual(await mirror(), {});
    const [code, stdout, stderr] = await command([]);
    assert.equal(code, 0);
    assert.equal(stderr, `note: ${store} is in the storage emulator at ${emulator.endpoint}\n`);
    assert.equal(
      stdout,
      `+  configs/orders.yaml        create
+  configs/plain.json         create
+  examples/deep/readme.md    create
+  sql/orders.sql             create
!  configs/.connections.json  left out: connection profiles are never uploaded
4 changes made in ${store}/project, 0 unchanged.
`,
    );
    const [none, again] = await command(['--dry-run', '--exit-code', '--json']);
    assert.equal(none, 0);
    assert.deepEqual(JSON.parse(again), {
      mirror: `${store}/project`,
      dry_run: true,
      changes: [],
      unchanged: 4,
      left_out: [
        { path: 'configs/.connections.json', why: 'connection profiles are never uploaded' },
      ],
    });
  });

  it('takes the store and the owner from beamline.yaml', async () => {
    put(root, 'beamline.yaml', `store: ${store}\ndeployment: one\n`);
    const project = `${store}/project`;
    store = '';
    const [code, stdout, stderr] = await command([]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.endsWith(`4 changes made in ${project}, 0 unchanged.\n`), stdout);
    put(root, 'beamline.yaml', `store: ${project.replace('/project', '')}\ndeployment: two\n`);
    put(root, 'sql/orders.sql', 'select 2');
    const [other, foreign] = await command(['--delete']);
    assert.equal(other, 1);
    assert.match(foreign, /^!  sql\/orders\.sql  not uploaded by this project; left alone$/m);
    rmSync(join(root, 'beamline.yaml'));
    const [none, , hint] = await command([]);
    assert.equal(none, 2);
    assert.match(hint, /Set `store` in beamline\.yaml/);
  });

  it('says which bucket is missing, that the store cannot be reached, or is not named well', async () => {
    store = 'gs://nowhere/x';
    const [code, , refused] = await command([]);
    assert.equal(code, 1);
    assert.match(refused, /no bucket `nowhere`/);
    store = 'bucket/x';
    const [bad, , wrong] = await command([]);
    assert.equal(bad, 2);
    assert.match(wrong, /must be like gs:\/\/bucket\/prefix, got `bucket\/x`/);
    put(root, 'beamline.yaml', 'store: nowhere\n');
    const [bad2, , badSettings] = await command([]);
    assert.equal(bad2, 2);
    assert.match(badSettings, /^beamline\.yaml:1:8 +store /);
    rmSync(join(root, 'beamline.yaml'));
    store = 'gs://bucket/x';
    const [lost, , unreachable] = await command([], {
      STORAGE_EMULATOR_HOST: 'http://127.0.0.1:9',
    });
    assert.equal(lost, 3, unreachable);
  });
});
