import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createAudit } from '../../src/activities/staged/audit.js';
import { createFindStaged } from '../../src/runners/dataflow/activities/find-staged.js';
import { createFinish } from '../../src/activities/finish.js';
import { createPublish } from '../../src/activities/publish/publish.js';
import { createUploadRun } from '../../src/runners/dataflow/activities/upload-run.js';
import { buildPlan, loadConfig } from '../../src/config/index.js';
import { pythonEnvironment, pythonPath } from '../../src/process/python.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { storePaths } from '../../src/store/local-store.js';
import { pinPlan } from '../../src/store/pinned-plans.js';
import { objectPaths } from '../../src/store/object-store.js';
import type { RunReference, Staged } from '../../src/workflows/contract/activities.js';
import { inMemory, onDuckdb } from '../destinations/support.js';
import { startStorage, type StorageEmulator } from '../support/storage.js';
import { temporaryRoot } from '../support/stack.js';
import { contents, inActivity, openProject, sha256Of, targetOf, type Project } from './support.js';

const config = `name: orders
sources:
  - name: orders
    module: files
    parameters: { path: 'data/**/*.csv', columns: { price: 'decimal(12,2)' } }
transforms:
  - name: totals
    module: sql
    inputs: [orders]
    parameters:
      sql: select customer, sum(price) as total, count(*) as n from orders group by customer
sinks:
  - { name: warehouse, module: duckdb, input: totals, parameters: { database: w.duckdb, table: totals } }
  - { name: lake, module: files, input: orders, parameters: { path: lake } }
`;
const sinks = ['warehouse', 'lake'];
const store = 'gs://bucket/beamline';

/** Runs the pipeline as a template's launcher does; returns what it printed and how it ended. */
async function runBeam(
  root: string,
  endpoint: string,
  args: Record<string, string>,
): Promise<{ code: number; events: { event: string; failure?: { type: string } }[] }> {
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(pythonPath(), ['-m', 'beam_pipeline.main', ...flags], {
    cwd: root,
    env: { ...pythonEnvironment(), STORAGE_EMULATOR_HOST: endpoint },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [[code], stdout] = await Promise.all([
    once(child, 'close') as Promise<[number]>,
    text(child.stdout),
  ]);
  const lines = stdout.trim().split('\n');
  return { code, events: lines.map((line) => JSON.parse(line) as { event: string }) };
}

async function published(root: string): Promise<unknown[]> {
  const lake = `SELECT * FROM read_parquet('${root}/lake/current/*.parquet') ORDER BY ALL`;
  return [
    await onDuckdb(join(root, 'w.duckdb'), 'SELECT * FROM totals ORDER BY ALL'),
    await inMemory(lake),
  ];
}

async function publishAll({ deps }: Project, run: RunReference, staged: Staged): Promise<void> {
  await inActivity(createAudit(deps), run, staged);
  for (const sink of sinks) {
    await inActivity(createPublish(deps), run, staged, { sink, baseVersion: 0 });
  }
}

describe('a job that reads and stages in a bucket', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    emulator = await startStorage(join(root, 'storage'));
    await emulator.createBucket('bucket');
  });
  after(async () => {
    await emulator.stop();
    await remove();
  });

  /** A project with its files, and its config pinned for one run. */
  async function prepare(name: string): Promise<{ project: Project; run: RunReference }> {
    const folder = join(root, name);
    const write = (file: string, content: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), content);
    };
    write('orders.yaml', config);
    write('data/2025/a.csv', 'id,customer,price\n1,ann,1.10\n2,bob,2.20\n');
    write('data/b.csv', 'id,customer,price\n3,ann,3.30\n');
    const project = await openProject(folder, emulator.endpoint);
    const { deps } = project;
    const loaded = loadConfig('orders.yaml', { root: folder });
    const built = await buildPlan(loaded, { root: folder, store: deps.store.id });
    await pinPlan(deps.store, built.sha256, built.canonicalJson);
    const ids = { runKey: name, planSha256: built.sha256, storeId: deps.store.id };
    return { project, run: { ...ids, profiles: null, destinationWaitMs: 5000 } };
  }

  it('publishes the tables of a local run, row by row; once it ended, no launcher starts', async () => {
    const local = await prepare('local');
    const { deps } = local.project;
    const staging = join(storePaths.staging(deps.store, 'local'), '1');
    const ran = await runBeam(deps.root, emulator.endpoint, {
      plan: storePaths.plan(deps.store, local.run.planSha256),
      staging,
      run_key: 'local',
      attempt: '1',
    });
    assert.equal(ran.code, 0, JSON.stringify(ran.events));
    const manifestUri = join(staging, 'manifest.json');
    const here = { manifestUri, manifestSha256: await sha256Of(manifestUri), attempt: 1 };
    await publishAll(local.project, local.run, here);

    const { project, run } = await prepare('remote');
    const target = targetOf(store);
    const uploaded = await inActivity(createUploadRun(project.deps), run, target, false);
    // What is edited after the upload is not read.
    writeFileSync(join(project.root, 'data', 'b.csv'), 'id,customer,price\n9,eve,9.99\n');
    const parameters = {
      plan: uploaded.planUri,
      root: uploaded.inputsUri ?? '',
      staging: objectPaths.attempt(store, run.runKey, 1),
      closed: objectPaths.receipt(store, run.runKey),
      run_key: run.runKey,
      attempt: '1',
    };
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    const job = await runBeam(elsewhere, emulator.endpoint, parameters);
    assert.equal(job.code, 0, JSON.stringify(job.events));
    const staged = await inActivity(createFindStaged(project.deps), run, target, 1);
    await publishAll(project, run, staged);

    const tables = await published(project.root);
    assert.equal((tables[1] as unknown[]).length, 3);
    assert.deepEqual(tables, await published(deps.root));

    const receipt = { runner: 'dataflow' } as unknown as Receipt;
    await inActivity(createFinish(project.deps), run, receipt, target);
    const late = await runBeam(elsewhere, emulator.endpoint, { ...parameters, attempt: '2' });
    assert.equal(late.code, 1);
    assert.equal(late.events.at(-1)?.failure?.type, 'RunEnded');
    assert.deepEqual(await contents(project.objects, objectPaths.staging(store, run.runKey)), {});
  });

  it('says why it failed', async () => {
    const { project, run } = await prepare('failing');
    const target = targetOf(store);
    const uploaded = await inActivity(createUploadRun(project.deps), run, target, false);
    const staging = objectPaths.attempt(store, run.runKey, 1);
    const job = await runBeam(root, emulator.endpoint, {
      plan: uploaded.planUri,
      root: `${store}/inputs/none`,
      staging,
      run_key: run.runKey,
      attempt: '1',
    });
    assert.equal(job.code, 1);
    await assert.rejects(inActivity(createFindStaged(project.deps), run, target, 1), {
      type: 'ResourceError',
      message: /no file matches/,
      nonRetryable: true,
    });
  });
});
