import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAudit } from '../../src/activities/staged/audit.js';
import { createFindStaged } from '../../src/runners/dataflow/activities/find-staged.js';
import { createFinish } from '../../src/activities/finish.js';
import { createFence, createPublish } from '../../src/activities/publish/publish.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { storePaths } from '../../src/store/local-store.js';
import { objectPaths } from '../../src/store/object-store.js';
import type { RunReference, Staged } from '../../src/workflows/contract/activities.js';
import { ids, inMemory, onDuckdb, stage } from '../destinations/support.js';
import { temporaryRoot } from '../support/stack.js';
import {
  startStorage,
  startStorageProxy,
  type StorageEmulator,
  type StorageProxy,
} from '../support/storage.js';
import {
  contents,
  inActivity,
  manifestOf,
  openProject,
  pin,
  sha256Of,
  stageInBucket,
  targetOf,
  type Project,
} from './support.js';

const sinks: Record<string, PlannedSink> = {
  warehouse: sinkOf('warehouse', 'duckdb', { database: 'w.duckdb', table: 'orders' }),
  lake: sinkOf('lake', 'files', { path: 'lake', format: 'parquet' }),
};

function sinkOf(name: string, module: string, parameters: Record<string, unknown>): PlannedSink {
  const destination = `${module}:${name}`;
  const how = {
    input: 'orders',
    mode: 'replace',
    on_empty: 'truncate',
    on_schema_change: 'fail',
  } as const;
  return { name, module, parameters, destination, ...how };
}

/** The rows of both destinations. */
async function published(folder: string): Promise<unknown[]> {
  const table = 'SELECT * FROM orders ORDER BY ALL';
  const lake = `SELECT * FROM read_parquet('${folder}/lake/current/*.parquet') ORDER BY ALL`;
  return [await onDuckdb(join(folder, 'w.duckdb'), table), await inMemory(lake)];
}

describe('what a job staged in a bucket', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;
  let proxy: StorageProxy;
  let project: Project;
  let store: string;
  let run: RunReference;
  let staged: Staged;
  let rows: ManifestSink;
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
    run = await pin(project, `run${tests}`, { sources: [], sinks: Object.values(sinks) });
    rows = await stage(folder, ids(1, 3), ids(4, 4));
    staged = await stageInBucket(project.objects, store, run, { warehouse: rows, lake: rows });
    proxy.seen.length = 0;
    proxy.trouble = () => undefined;
  });
  after(async () => {
    await proxy.stop();
    await emulator.stop();
    await remove();
  });

  const audit = () => inActivity(createAudit(project.deps), run, staged);
  const publish = (sink: string, baseVersion = 0) =>
    inActivity(createPublish(project.deps), run, staged, { sink, baseVersion });
  const fetched = () =>
    proxy.seen.filter((request) => /^GET .*part-.*alt=media/.test(request)).length;
  const localStaging = () => storePaths.staging(project.deps.store, run.runKey);

  it('is published as what is staged here is, row by row', async () => {
    assert.deepEqual(Object.keys((await audit()).sinks), ['warehouse', 'lake']);
    for (const sink of ['warehouse', 'lake']) {
      assert.equal((await publish(sink)).rows, 4);
    }
    const local = join(root, `local-${tests}`);
    mkdirSync(local);
    const other = await openProject(local, proxy.endpoint);
    const here = await pin(other, 'local', { sources: [], sinks: Object.values(sinks) });
    const manifest = join(local, 'manifest.json');
    writeFileSync(manifest, JSON.stringify(manifestOf(here, { warehouse: rows, lake: rows })));
    const there = { manifestUri: manifest, manifestSha256: await sha256Of(manifest), attempt: 1 };
    await inActivity(createAudit(other.deps), here, there);
    for (const sink of ['warehouse', 'lake']) {
      await inActivity(createPublish(other.deps), here, there, { sink, baseVersion: 0 });
    }
    const tables = await published(project.root);
    assert.equal((tables[0] as unknown[]).length, 4);
    assert.deepEqual(tables, await published(local));
  });

  it('is fetched once: audit fetches nothing, and publish twice finds it', async () => {
    await audit();
    assert.equal(existsSync(localStaging()), false);
    const before = fetched();
    const first = await publish('warehouse');
    assert.equal(fetched() - before, 2);
    assert.deepEqual(await publish('warehouse'), first);
    assert.equal(fetched() - before, 2);
  });

  it('is published without an audit on this machine, and a fence needs no file of it', async () => {
    assert.equal((await publish('lake')).version, 1);
    const fence = inActivity(createFence(project.deps), run, { sink: 'lake', baseVersion: 0 });
    assert.equal((await fence)?.rows, 4);
  });

  it('is fetched again where a file is cut off', async () => {
    await publish('warehouse');
    const folder = join(localStaging(), '1', 'warehouse');
    const [name = ''] = readdirSync(folder).toSorted();
    const whole = (await stat(join(folder, name))).size;
    writeFileSync(join(folder, name), 'cut');
    await publish('warehouse');
    assert.equal((await stat(join(folder, name))).size, whole);
  });

  it('is fetched to the end by the attempt after one that was killed', async () => {
    const faults = join(project.root, 'faults');
    mkdirSync(faults);
    writeFileSync(join(faults, 'worker:fetched'), 'SIGKILL');
    const program = new URL('./publish-child.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, project.root, proxy.endpoint], {
      env: { ...process.env, BEAMLINE_FAULT_POINTS: faults },
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin.end(JSON.stringify([run, staged, { sink: 'warehouse', baseVersion: 0 }]));
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    const before = fetched();
    assert.equal((await publish('warehouse')).rows, 4);
    assert.ok(before > 0 && fetched() - before < 2, 'what was whole is not fetched again');
  });

  it('fails the audit if a file is gone, changed, or elsewhere', async () => {
    const [file = ''] = await uris(/warehouse\/part-0/);
    const content = await project.objects.read(file);
    await project.objects.remove(file);
    await assert.rejects(audit(), { type: 'StagingDamaged', message: /is not there any more/ });
    await project.objects.write(file, content.subarray(1));
    await assert.rejects(audit(), { type: 'StagingDamaged', message: /bytes, its manifest says/ });
    await project.objects.write(file, Buffer.alloc(content.length));
    await assert.rejects(audit(), { type: 'StagingDamaged', message: /cannot be read/ });
  });

  it('fails the audit if the manifest was changed, or names what is not below it', async () => {
    const elsewhere = { ...rows, files: [{ uri: 'gs://bucket/x/../part', rows: 4, bytes: 4 }] };
    const other = await pin(project, `other${tests}`, { sources: [], sinks: [sinks['lake']!] });
    const wrong = await stageInBucket(project.objects, store, other, {});
    const uri = `${store}/staging/other${tests}/1/manifest.json`;
    await project.objects.write(uri, JSON.stringify(manifestOf(other, { lake: elsewhere })));
    await assert.rejects(inActivity(createAudit(project.deps), other, wrong), {
      type: 'StagingDamaged',
      message: /was changed after it was written/,
    });
    const found = await inActivity(createFindStaged(project.deps), other, targetOf(store), 1);
    await assert.rejects(inActivity(createAudit(project.deps), other, found), {
      type: 'StagingDamaged',
      message: /is not below/,
    });
    const publish = createPublish(project.deps);
    const sink = { sink: 'lake', baseVersion: 0 };
    await assert.rejects(inActivity(publish, other, found, sink), { message: /is not below/ });
  });

  it('is found by the manifest of its launch', async () => {
    const find = createFindStaged(project.deps);
    assert.deepEqual(await inActivity(find, run, targetOf(store), 1), staged);
    await assert.rejects(inActivity(find, run, targetOf(store), 2), {
      type: 'StagingDamaged',
      message: /left no manifest/,
    });
    const uri = `${objectPaths.attempt(store, run.runKey, 2)}/failure.json`;
    const document = { type: 'SqlError', message: 'no such table', retryable: false, step: 'a' };
    await project.objects.write(uri, JSON.stringify(document));
    await assert.rejects(inActivity(find, run, targetOf(store), 2), {
      type: 'SqlError',
      message: 'no such table',
      nonRetryable: true,
      details: [{ step: 'a' }],
    });
  });

  it('is removed when the run ends, after the receipt is kept; ending twice changes nothing', async () => {
    await audit();
    await project.objects.write(objectPaths.profiles(store, run.runKey), '{}');
    await project.objects.write(`${store}/staging/${run.runKey}x/1/neighbour`, 'x');
    const finish = createFinish(project.deps);
    const receipt = { run: 'this', runner: 'dataflow' } as unknown as Receipt;
    await inActivity(finish, run, receipt, targetOf(store));
    await inActivity(finish, run, receipt, targetOf(store));
    const left = await contents(project.objects, store);
    assert.deepEqual(Object.keys(left), [
      `runs/${run.runKey}/receipt.json`,
      `staging/${run.runKey}x/1/neighbour`,
    ]);
    assert.deepEqual(JSON.parse(left[`runs/${run.runKey}/receipt.json`] ?? ''), receipt);
    assert.equal(existsSync(localStaging()), false);
    assert.ok(existsSync(storePaths.receipt(project.deps.store, run.runKey)));
    const writes = proxy.seen.filter((request) => /^(POST|DELETE) /.test(request));
    const closed = writes.findIndex((request) => request.includes('receipt'));
    const deleted = writes.findIndex((request) => request.startsWith('DELETE'));
    assert.ok(deleted > closed, writes.join('\n'));
  });

  it('is still told here if the bucket refuses the receipt; the next attempt ends the run', async () => {
    const receipt = { runner: 'dataflow' } as unknown as Receipt;
    const finish = () => inActivity(createFinish(project.deps), run, receipt, targetOf(store));
    proxy.trouble = (request) =>
      request.startsWith('POST') ? { status: 403, message: 'no' } : undefined;
    await assert.rejects(finish(), { type: 'ObjectStoreRefused' });
    assert.ok(existsSync(storePaths.receipt(project.deps.store, run.runKey)));
    assert.ok((await uris(/manifest/)).length === 1, 'staging stays while the run is not closed');
    proxy.trouble = () => undefined;
    await finish();
    assert.deepEqual(await uris(/staging/), []);
  });

  it('is not fetched on when the activity is cancelled', async () => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    proxy.trouble = (request) => {
      if (/part-/.test(request)) environment.cancel();
      return undefined;
    };
    const sink = { sink: 'warehouse', baseVersion: 0 };
    const published = environment.run(createPublish(project.deps), run, staged, sink);
    await assert.rejects(published, { name: 'CancelledFailure' });
    assert.equal(existsSync(join(project.root, 'w.duckdb')), false);
  });

  async function uris(pattern: RegExp): Promise<string[]> {
    const found: string[] = [];
    for await (const { uri } of project.objects.list(store)) if (pattern.test(uri)) found.push(uri);
    return found;
  }
});
