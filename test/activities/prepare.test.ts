import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { createPrepare } from '../../src/activities/prepare.js';
import { createRunRequest } from '../../src/client/run-request.js';
import type { DataflowTarget } from '../../src/shared/run/job.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { openLocalStore } from '../../src/store/local-store.js';
import { ObjectNotFound, type ObjectInfo, type ObjectStore } from '../../src/store/object-store.js';
import type { PreparedRun, Revision } from '../../src/workflows/contract/activities.js';
import { temporaryFolder } from '../config/support.js';

const config = `
name: orders
sources:
  - { name: orders, module: files, parameters: { path: orders.csv, format: csv } }
sinks:
  - { name: warehouse, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }
`;
const settings = `
project: my-project
store: gs://bucket/beamline
launch:
  region: europe-west1
  container_spec_gcs_path: gs://bucket/spec.json
  num_workers: 1
`;

describe('prepare', () => {
  const folder = temporaryFolder();
  const saved = { ...process.env };
  beforeEach(() => {
    delete process.env['BEAMLINE_DEV_SETTINGS'];
    delete process.env['DATAFLOW_EMULATOR_CONSOLE'];
    folder.write('a.yaml', config);
  });
  afterEach(() => {
    process.env = { ...saved };
  });

  const put = (text: string): void => {
    folder.write('a.yaml', text);
    folder.write('beamline.yaml', settings);
  };
  const written: Record<string, string> = {};
  const objects = async () => objectsIn(written);

  async function prepare(
    input: object,
    revision?: Revision,
    checked?: string,
  ): Promise<PreparedRun & { dataflow: DataflowTarget | null }> {
    const store = await openLocalStore(join(folder.path, 'store'));
    const deps = { root: folder.path, store, taskQueue: 'beamline', namespace: 'default' };
    const prepared = await createPrepare({ ...deps, objects })(
      input as RunPipelineInput,
      'first-run-id',
      revision,
      checked,
    );
    return { ...prepared, dataflow: prepared.dataflow as DataflowTarget | null };
  }

  it('takes what was checked when the run was started, and nothing else', async () => {
    const withSql = config.replace(
      'module: files, parameters: { path: orders.csv, format: csv }',
      'module: bigquery, parameters: { project: p, query: sql/orders.sql }',
    );
    folder.write('a.yaml', withSql);
    folder.write('sql/orders.sql', 'select 1 as id');
    const given = { config: 'a.yaml' };
    const { memo } = await createRunRequest('a.yaml', { root: folder.path });
    const checked = memo.config_sha256;
    assert.match(checked ?? '', /^[0-9a-f]{64}$/);
    await prepare(given, 2, checked);
    // As much another one as a changed key, whatever it means.
    for (const [file, text] of [
      ['sql/orders.sql', 'select 2 as id'],
      ['a.yaml', withSql.replace('table: t', 'table: u')],
    ] as const) {
      folder.write('a.yaml', withSql);
      folder.write('sql/orders.sql', 'select 1 as id');
      await prepare(given, 2, checked);
      folder.write(file, text);
      await prepare(given, 2);
      await assert.rejects(prepare(given, 2, checked), (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.type, 'ConfigError');
        assert.match(error.message, /^a\.yaml is not what was checked .*Nothing was read/);
        return true;
      });
    }
    folder.write('sql/orders.sql', 'select 1 as id');
    folder.write('a.yaml', `# a remark\n${withSql}`);
    await prepare(given, 2, checked);
  });

  async function problemOf(input: object): Promise<string> {
    const error: unknown = await prepare(input).then(
      () => assert.fail('it was prepared'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApplicationFailure, String(error));
    assert.equal(error.type, 'ConfigError');
    return error.message;
  }

  it('runs here unless somebody says otherwise, and reads no settings for it', async () => {
    folder.write('beamline.yaml', 'this is: [no settings file');
    const { runner, dataflow, notes } = await prepare({ config: 'a.yaml' });
    assert.deepEqual([runner, dataflow, notes], ['local', null, []]);
  });

  it('takes the runner of the config, and each launch option from the nearest that says it', async () => {
    folder.write('beamline.yaml', settings);
    folder.write(
      'a.yaml',
      `${config}runner: dataflow\nlaunch: { num_workers: 2, max_workers: 4 }\n`,
    );
    const { runner, dataflow } = await prepare({ config: 'a.yaml', launch: { maxWorkers: 8 } });
    assert.equal(runner, 'dataflow');
    assert.deepEqual(
      [dataflow?.region, dataflow?.launch.numWorkers, dataflow?.launch.maxWorkers],
      ['europe-west1', 2, 8],
    );
    assert.equal((await prepare({ config: 'a.yaml', runner: 'local' })).dataflow, null);
  });

  it("takes the reference's arguments as they are", async () => {
    folder.write('beamline.yaml', 'project: my-project\nstore: gs://bucket/beamline\n');
    const { runner, dataflow, notes } = await prepare({
      config: 'a.yaml',
      profile: '',
      gcs_temp_folder: 'gs://bucket/temp',
      containerSpecGcsPath: 'gs://bucket/spec.json',
      workerContainerImage: 'registry/worker:1',
      numWorkers: '2',
      maxWorkers: 10,
      machineType: 'e2-standard-2',
      subnetwork: 'regions/asia-northeast1/subnetworks/s',
      region: 'asia-northeast1',
      pollingSeconds: 180,
    });
    assert.equal(runner, 'dataflow');
    assert.match(notes.join(), /pollingSeconds/);
    const { launch } = dataflow ?? {};
    assert.deepEqual(
      [
        launch?.tempLocation,
        launch?.stagingLocation,
        launch?.sdkContainerImage,
        launch?.numWorkers,
      ],
      ['gs://bucket/temp', 'gs://bucket/temp', 'registry/worker:1', 2],
    );
  });

  it('shows the console of the emulator where there is one', async () => {
    folder.write('beamline.yaml', settings);
    process.env['DATAFLOW_EMULATOR_CONSOLE'] = 'http://127.0.0.1:9000/';
    const { dataflow } = await prepare({ config: 'a.yaml', runner: 'dataflow' });
    assert.equal(dataflow?.console, 'http://127.0.0.1:9000');
  });

  it('says that launch options do not matter to a local run', async () => {
    const { notes } = await prepare({ config: 'a.yaml', launch: { numWorkers: 3 } });
    assert.match(notes.join(), /launch options are ignored: the runner is `local`/);
  });

  it('fails with every problem of the input, the settings or the target', async () => {
    assert.match(
      await problemOf({ config: 'gs://b/configs/a.yaml' }),
      /is in a bucket; give the path in the project, `configs\/a\.yaml`/,
    );
    assert.match(await problemOf({ config: 'a.yaml', numWorkers: true }), /numWorkers/);
    assert.match(
      await problemOf({ config: 'a.yaml', runner: 'dataflow' }),
      /launch\.region .*is required for `runner: dataflow`/,
    );
    folder.write('beamline.yaml', `${settings}regin: x\n`);
    assert.match(await problemOf({ config: 'a.yaml', runner: 'dataflow' }), /beamline\.yaml:8:1/);
  });

  it('lets no job have a password in plain text, unless that is allowed: not in a rerun either', async () => {
    folder.write('beamline.yaml', settings);
    const source =
      '{ name: orders, module: postgres, parameters: { query: select 1, profile: shop } }';
    folder.write('a.yaml', config.replace(/\{ name: orders, .*\}/, source));
    const profile = { host: 'db', database: 'd', user: 'u', password: 'planted' };
    folder.write('connections.json', JSON.stringify({ shop: profile }));
    const input = { config: 'a.yaml', profile: 'connections.json' };
    const refused = /^connections\.json:1:\d+ +shop\.password .*plain text: write `\$\{secret:/;
    const said = await problemOf({ ...input, runner: 'dataflow' });
    assert.match(said, refused);
    assert.doesNotMatch(said, /planted/);
    folder.write('a.yaml', `${config.replace(/\{ name: orders, .*\}/, source)}runner: dataflow\n`);
    assert.match(await problemOf(input), refused);
    const allowed = { ...input, allowPlaintextProfile: true };
    const { planSha256: plan, profiles } = await prepare(allowed);
    assert.ok(profiles);
    assert.equal((await prepare({ ...input, runner: 'local' })).runner, 'local');
    const rerun = { config: 'a.yaml', plan, profile: profiles, runner: 'dataflow' };
    assert.match(await problemOf(rerun), refused);
    assert.equal((await prepare({ ...rerun, allowPlaintextProfile: true })).planSha256, plan);
  });

  it('says that a job could not read a file, also by the plan alone', async () => {
    folder.write('beamline.yaml', `${settings}roots: [/data]\n`);
    folder.write('a.yaml', config.replace('orders.csv', '/data/orders.csv'));
    const said = await problemOf({ config: 'a.yaml', runner: 'dataflow' });
    assert.match(said, /a\.yaml:4:\d+ .*cannot read `\/data\/orders\.csv`/);
    const { planSha256: plan } = await prepare({ config: 'a.yaml' });
    const rerun = { config: 'a.yaml', plan, runner: 'dataflow' };
    assert.match(await problemOf(rerun), /^the pinned plan .*cannot read/);
  });

  describe('for code that asks what any host can do', () => {
    const bigquery =
      '{ name: table, module: bigquery, input: orders, parameters: { table: my-project.d.t, schema: "a:STRING" } }';
    const remote = config.replace('orders.csv', 'gs://bucket/orders.csv');

    it('puts the plan of a job into the bucket, and names what any host reaches', async () => {
      put(remote.replace(/ {2}- \{ name: warehouse.*/, `  - ${bigquery}`));
      const run = await prepare({ config: 'a.yaml', runner: 'dataflow' }, 2);
      const uri = `gs://bucket/beamline/plans/${run.planSha256}.json`;
      assert.deepEqual(
        [run.revision, run.bucket, run.uploads],
        [2, 'gs://bucket/beamline', undefined],
      );
      assert.deepEqual(run.sinks[0]?.address, { table: 'my-project.d.t' });
      assert.equal(
        createHash('sha256')
          .update(written[uri] ?? '')
          .digest('hex'),
        run.planSha256,
      );
      written[uri] = '';
      await prepare({ config: 'a.yaml', runner: 'dataflow' }, 2);
      assert.notEqual(written[uri], '', 'one that is cut off there is written again');
    });

    it('runs a plan that is in the bucket only, and refuses one that was changed there', async () => {
      put(remote.replace(/ {2}- \{ name: warehouse.*/, `  - ${bigquery}`));
      const { planSha256: plan, store } = await prepare(
        { config: 'a.yaml', runner: 'dataflow' },
        2,
      );
      const here = join(store.root, 'plans', `${plan}.json`);
      const again = { config: 'a.yaml', plan, runner: 'dataflow' };
      rmSync(here);
      assert.equal((await prepare(again, 2)).planSha256, plan);
      writeFileSync(here, '');
      assert.equal((await prepare(again, 2)).planSha256, plan);
      rmSync(here);
      const uri = `gs://bucket/beamline/plans/${plan}.json`;
      const receipt = 'gs://bucket/beamline/runs/aaaaaaaaaa/receipt.json';
      const staged = { manifestUri: 'gs://bucket/beamline/m', manifestSha256: '', attempt: 1 };
      written[receipt] = JSON.stringify({ plan_sha256: plan, left: { staged, sinks: ['table'] } });
      const completing = { ...again, rerun_of: 'aaaaaaaaaa', complete: true };
      assert.deepEqual((await prepare(completing, 2)).completes?.sinks, ['table']);
      rmSync(here);
      written[uri] = '{}';
      await assert.rejects(prepare(again, 2), {
        type: 'StoreUnavailable',
        message: /gs:.*was changed or damaged/,
      });
      delete written[uri];
      await assert.rejects(prepare(again, 2), { type: 'StoreUnavailable' });
    });

    it('says which sinks are on its host, and what a job reads of it', async () => {
      put(`${config}  - ${bigquery}\n`);
      folder.write('orders.csv', 'a\n1\n');
      const run = await prepare({ config: 'a.yaml', runner: 'dataflow' }, 2);
      const addresses = run.sinks.map(({ address }) => address);
      assert.deepEqual(addresses, [undefined, { table: 'my-project.d.t' }]);
      assert.equal(run.uploads, 'from host');
      const local = await prepare({ config: 'a.yaml', runner: 'local' }, 2);
      assert.deepEqual([local.bucket, local.uploads], [undefined, undefined]);
      assert.deepEqual(local.sinks[1]?.address, { table: 'my-project.d.t' });
    });

    it('says nothing of it to older code', async () => {
      put(`${config}  - ${bigquery}\n`);
      folder.write('orders.csv', 'a\n1\n');
      const run = await prepare({ config: 'a.yaml', runner: 'dataflow' }, 1);
      assert.deepEqual(
        [run.bucket, run.uploads, run.sinks[1]?.address],
        [undefined, undefined, undefined],
      );
    });
  });

  it('waits for its host for as long as `store_wait` says, or an hour', async () => {
    assert.equal((await prepare({ config: 'a.yaml' })).store.waitMs, 3_600_000);
    folder.write('beamline.yaml', 'store_wait: 5m');
    assert.equal((await prepare({ config: 'a.yaml' })).store.waitMs, 300_000);
  });
});

/** An object store in memory, of what a plan needs. */
function objectsIn(written: Record<string, string>): ObjectStore {
  const store: Pick<ObjectStore, 'createOnce' | 'read' | 'stat' | 'write'> = {
    async createOnce(uri, content) {
      if (uri in written) return false;
      written[uri] = String(content);
      return true;
    },
    async read(uri) {
      const content = written[uri];
      if (content === undefined) throw new ObjectNotFound(uri);
      return Buffer.from(content);
    },
    async stat(uri) {
      const md5 = createHash('md5')
        .update(written[uri] ?? '')
        .digest('base64');
      return { uri, md5 } as ObjectInfo;
    },
    async write(uri, content) {
      written[uri] = String(content);
    },
  };
  return store as ObjectStore;
}
