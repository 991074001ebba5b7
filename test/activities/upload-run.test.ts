import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFinish } from '../../src/activities/finish.js';
import { createUploadRun } from '../../src/runners/dataflow/activities/upload-run.js';
import type { PlannedSource } from '../../src/config/plan/plan-types.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { storePaths } from '../../src/store/local-store.js';
import { objectPaths } from '../../src/store/object-store.js';
import type { RunReference } from '../../src/workflows/contract/activities.js';
import type { UploadedRun } from '../../src/shared/run/launch-job.js';
import { temporaryRoot } from '../support/stack.js';
import {
  startStorage,
  startStorageProxy,
  type StorageEmulator,
  type StorageProxy,
} from '../support/storage.js';
import {
  clientOf,
  contents,
  inActivity,
  openProject,
  pin,
  targetOf,
  type Project,
} from './support.js';

const secret = '${secret:projects/p/secrets/shop/versions/latest}';

const files = (path: string): PlannedSource => ({
  name: 'orders',
  module: 'files',
  parameters: { path },
});
const postgres = (parameters: Record<string, unknown>): PlannedSource => ({
  name: 'shop',
  module: 'postgres',
  parameters,
});
const profile = (attributes: Record<string, unknown>): Record<string, unknown> => ({
  host: 'db',
  database: 'shop',
  user: 'etl',
  ...attributes,
});

/** `run-beam-columns.test.ts` asks. */
const noQuestion = (): Promise<void> => Promise.resolve();

describe('uploading what a job reads', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;
  let proxy: StorageProxy;
  let project: Project;
  let store: string;
  let tests = 0;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    emulator = await startStorage(join(root, 'storage'));
    await emulator.createBucket('bucket');
    proxy = await startStorageProxy(emulator);
  });
  beforeEach(async () => {
    const folder = join(root, `project-${++tests}`);
    mkdirSync(folder);
    project = await openProject(folder, proxy.endpoint);
    store = `gs://bucket/store-${tests}`;
    proxy.seen.length = 0;
  });
  after(async () => {
    await proxy.stop();
    await emulator.stop();
    await remove();
  });

  function write(name: string, text: string): string {
    const file = join(project.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  const writeProfiles = (profiles: Record<string, unknown>): string =>
    write('.connections.json', JSON.stringify(profiles, null, 2));

  function upload(run: RunReference, allowPlaintext = false, deps = project.deps) {
    return inActivity(createUploadRun(deps, noQuestion), run, targetOf(store), allowPlaintext);
  }

  async function uploadOf(sources: PlannedSource[], profiles?: string): Promise<UploadedRun> {
    return upload(await pin(project, `run${tests}`, { sources, sinks: [] }, profiles ?? null));
  }

  const writes = (): number => proxy.seen.filter((name) => name.startsWith('POST')).length;

  it('uploads the plan as it is pinned, and nothing that the plan does not read', async () => {
    write('data/other.csv', 'a\n1\n');
    const run = await pin(project, `run${tests}`, { sources: [postgres({})], sinks: [] });
    const uploaded = await upload(run);
    assert.deepEqual(uploaded, {
      planUri: `${store}/plans/${run.planSha256}.json`,
      profilesUri: null,
      inputsUri: null,
    });
    const pinned = await readFile(storePaths.plan(project.deps.store, run.planSha256), 'utf8');
    assert.deepEqual(await contents(project.objects, store), {
      [`plans/${run.planSha256}.json`]: pinned,
    });
  });

  it('pins the files of the sources by content', async () => {
    write('data/a.csv', 'a\n1\n');
    write('data/deep/b.csv', 'a\n2\n');
    write('data/.hidden.csv', 'a\n3\n');
    write('data/notes.txt', 'no');
    const source = files('./data/**/*.csv');
    const first = (await uploadOf([source])).inputsUri ?? '';
    const before = { 'data/a.csv': 'a\n1\n', 'data/deep/b.csv': 'a\n2\n' };
    assert.match(first, new RegExp(`^${store}/inputs/[0-9a-f]{64}$`));
    assert.deepEqual(await contents(project.objects, first), before);
    write('data/a.csv', 'a\n9\n');
    const second = (await uploadOf([source])).inputsUri ?? '';
    assert.notEqual(second, first);
    assert.deepEqual(
      await contents(project.objects, first),
      before,
      'a run that goes on reads what it was given',
    );
    assert.equal((await contents(project.objects, second))['data/a.csv'], 'a\n9\n');
  });

  it('uploads no file that a link leads to, out of the project', async () => {
    writeFileSync(join(root, 'shadow'), 'planted');
    mkdirSync(join(project.root, 'data'));
    symlinkSync('../../shadow', join(project.root, 'data', 'a.csv'));
    await assert.rejects(
      uploadOf([files('data/*.csv')]),
      /sources\[0\]\.parameters\.path  `data\/a\.csv`, which leads to .* is outside of the project/,
    );
    assert.equal(writes(), 1, 'the plan, which is uploaded first, and no more');
    write('beamline.yaml', 'roots: [../shadow]\n');
    const { inputsUri } = await uploadOf([files('data/*.csv')]);
    assert.deepEqual(await contents(project.objects, inputsUri ?? ''), { 'data/a.csv': 'planted' });
  });

  it('resolves a file of the host for the profiles of its owner, not for others', async () => {
    writeFileSync(join(root, 'secret'), 'planted\n');
    execFileSync('mkfifo', [join(project.root, 'pipe')]);
    const resolved = async (name: string, file: string): Promise<string> => {
      const path = write(name, JSON.stringify({ shop: profile({ user: `\${file:${file}}` }) }));
      const run = await pin(
        project,
        `run${tests}`,
        { sources: [postgres({ profile: 'shop' })], sinks: [] },
        path,
      );
      const { profilesUri } = await upload(run, true);
      return (await project.objects.read(profilesUri ?? '')).toString();
    };
    assert.match(await resolved('.connections.json', '../secret'), /"user": "planted"/);
    await assert.rejects(
      resolved('a.json', '../secret'),
      /a\.json: shop: user: .* is outside of the project/,
    );
    await assert.rejects(resolved('.connections.json', 'pipe'), /is a pipe, not a regular file/);
    await assert.rejects(resolved('.connections.json', '/dev/zero'), /is a device/);
  });

  it('uploads nothing twice', async () => {
    write('data/a.csv', 'a\n1\n');
    writeProfiles({ shop: profile({ password: secret }) });
    const run = await pin(
      project,
      `run${tests}`,
      { sources: [files('data/a.csv'), postgres({ profile: 'shop' })], sinks: [] },
      join(project.root, '.connections.json'),
    );
    const first = await upload(run);
    const once = await contents(project.objects, store);
    proxy.seen.length = 0;
    assert.deepEqual(await upload(run), first);
    assert.deepEqual(await contents(project.objects, store), once);
    assert.ok(writes() <= 2, 'the plan is offered and the profiles are written, no input is');
  });

  it('leaves gs:// paths to the job', async () => {
    assert.equal((await uploadOf([files('gs://elsewhere/*.csv')])).inputsUri, null);
  });

  it('refuses files that are not below the project, and patterns that name nothing', async () => {
    for (const path of ['/etc/hosts.csv', '../other/a.csv', 'data/../../a.csv']) {
      await assert.rejects(uploadOf([files(path)]), {
        type: 'ConfigError',
        message: /sources\[0\]\.parameters\.path .*gs:\/\/ path \(source `orders`\)/,
      });
    }
    await assert.rejects(uploadOf([files('data/*.csv')]), {
      type: 'ResourceError',
      message: /no file matches `data\/\*\.csv`/,
    });
    assert.equal(writes(), 1, 'only the plan of the last');
  });

  it('replaces no input that somebody tampered with', async () => {
    write('data/a.csv', 'a\n1\n');
    const { inputsUri } = await uploadOf([files('data/a.csv')]);
    await project.objects.write(`${inputsUri}/data/a.csv`, 'other');
    await assert.rejects(uploadOf([files('data/a.csv')]), {
      type: 'ObjectStoreRefused',
      message: /somebody replaced it/,
    });
  });

  it('uploads the profiles that the plan uses, with references to secrets as they are', async () => {
    process.env['BEAMLINE_TEST_HOST'] = 'db.internal';
    write('port.txt', '6543\n');
    const mine = profile({ host: '${env:BEAMLINE_TEST_HOST}', port: '${file:port.txt}' });
    const file = writeProfiles({
      shop: { ...mine, password: secret },
      crm: profile({ password: 'planted-password' }),
    });
    const { profilesUri } = await uploadOf([postgres({ profile: 'shop' })], file);
    assert.equal(profilesUri, `${store}/runs/run${tests}/profiles.json`);
    assert.deepEqual(JSON.parse((await project.objects.read(profilesUri)).toString()), {
      shop: profile({ host: 'db.internal', port: '6543', password: secret }),
    });
    assert.ok(!JSON.stringify(await contents(project.objects, store)).includes('planted'));
  });

  it('refuses passwords that would be plain text or cannot be resolved in the job', async () => {
    const passwords = {
      'planted-password': /would be uploaded in plain text: write `\$\{secret:projects\//,
      '${env:SHOP_PASSWORD}': /is `\$\{env:SHOP_PASSWORD\}`, which a Dataflow job cannot resolve/,
      '${file:/run/secrets/shop}': /which a Dataflow job cannot resolve/,
      'x${secret:projects/p/secrets/s/versions/1}': /plain text/,
      '${secret:shop}': /plain text/,
    };
    for (const [password, message] of Object.entries(passwords)) {
      const file = writeProfiles({ shop: profile({ password }) });
      await assert.rejects(uploadOf([postgres({ profile: 'shop' })], file), (error: Error) => {
        assert.match(error.message, /^\.connections\.json:6:\d+ +shop\.password .*`shop`/);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('planted'));
        return true;
      });
    }
    const inline = postgres({ host: 'db', password: '${env:SHOP_PASSWORD}' });
    await assert.rejects(uploadOf([inline]), {
      type: 'ConfigError',
      message: /sources\[0\]\.parameters\.password .*cannot resolve `\$\{env:SHOP_PASSWORD\}`/,
    });
    assert.equal(writes(), 0);
  });

  it('uploads an empty password, or none', async () => {
    for (const attributes of [{}, { password: '' }]) {
      const file = writeProfiles({ shop: profile(attributes) });
      assert.notEqual((await uploadOf([postgres({ profile: 'shop' })], file)).profilesUri, null);
    }
  });

  it('resolves and uploads a password if that is allowed, and removes it when the run ends', async () => {
    process.env['BEAMLINE_TEST_PASSWORD'] = 'planted-password';
    const file = writeProfiles({ shop: profile({ password: '${env:BEAMLINE_TEST_PASSWORD}' }) });
    const sources = [postgres({ profile: 'shop' })];
    const run = await pin(project, `run${tests}`, { sources, sinks: [] }, file);
    const { profilesUri } = await upload(run, true);
    assert.match((await project.objects.read(profilesUri ?? '')).toString(), /planted-password/);
    const receipt = { runner: 'dataflow' } as unknown as Receipt;
    await inActivity(createFinish(project.deps), run, receipt, targetOf(store));
    const left = await contents(project.objects, store);
    assert.ok(!JSON.stringify(left).includes('planted'), JSON.stringify(left));
  });

  it('says which variable or profile is missing, and nothing of the others', async () => {
    const file = writeProfiles({ shop: profile({ host: '${env:BEAMLINE_TEST_NOT_SET}' }) });
    await assert.rejects(uploadOf([postgres({ profile: 'shop' })], file), {
      type: 'ResourceError',
      message:
        '.connections.json: shop: host: the environment variable BEAMLINE_TEST_NOT_SET is not set',
    });
    await assert.rejects(uploadOf([postgres({ profile: 'shopp' })], file), {
      type: 'ResourceError',
      message: '.connections.json: shopp: there is no such profile',
    });
  });

  it('uploads nothing of a run that has ended, and leaves no profile behind', async () => {
    const file = writeProfiles({ shop: profile({ password: secret }) });
    const sources = [postgres({ profile: 'shop' })];
    const run = await pin(project, `run${tests}`, { sources, sinks: [] }, file);
    const ended = { ...project.deps, client: clientOf(() => 'TERMINATED') };
    await assert.rejects(upload(run, false, ended), { type: 'RunEnded' });
    assert.deepEqual(await contents(project.objects, store), {});
    // The run ends between the last look at it and the write.
    const receipt = objectPaths.receipt(store, run.runKey);
    const slow = {
      ...project.deps,
      objects: async () => ({
        ...project.objects,
        async write(...args: Parameters<typeof project.objects.write>) {
          await project.objects.write(receipt, '{}');
          await project.objects.write(...args);
        },
      }),
    };
    await assert.rejects(upload(run, false, slow), { type: 'RunEnded' });
    const left = Object.keys(await contents(project.objects, store));
    assert.ok(!left.some((name) => name.endsWith('profiles.json')), left.join());
  });

  it('opens a run again that was reset after its end', async () => {
    const run = await pin(project, `run${tests}`, { sources: [postgres({})], sinks: [] });
    const receipt = objectPaths.receipt(store, run.runKey);
    await project.objects.write(receipt, '{}');
    await upload(run);
    assert.equal(await project.objects.stat(receipt), null);
  });

  it('follows links inside the project, and not in circles', async () => {
    write('data/a.csv', 'a\n1\n');
    symlinkSync('data', join(project.root, 'link'));
    symlinkSync('..', join(project.root, 'data', 'up'));
    const { inputsUri } = await uploadOf([files('link/**/*.csv')]);
    assert.ok('link/a.csv' in (await contents(project.objects, inputsUri ?? '')));
    rmSync(join(project.root, 'data', 'up'));
  });
});
