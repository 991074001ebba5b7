import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createAudit } from '../../src/activities/staged/audit.js';
import { createPublish } from '../../src/activities/publish/publish.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import type { RunReference, Staged } from '../../src/workflows/contract/activities.js';
import { newDataset, startForTests, type TestDataset } from '../destinations/bigquery/support.js';
import { inMemory } from '../destinations/support.js';
import { temporaryRoot } from '../support/stack.js';
import { startStorage } from '../support/storage.js';
import { inActivity, openProject, pin, stageInBucket, type Project } from './support.js';

/** Far more than the footers of what is staged. */
const mostForFooters = 100_000;

const publish = async (project: Project, run: RunReference, at: Staged) => {
  const sink = { sink: 'out', baseVersion: 0 };
  assert.equal((await inActivity(createPublish(project.deps), run, at, sink)).rows, 30_000);
};

describe('the bytes of a job that move through a worker', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;
  let stop: () => Promise<void>;
  let dataset: TestDataset;
  let endpoint: string;
  let staged: ManifestSink;
  let bytes: number;
  let tests = 0;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    const storage = await startStorage(join(root, 'storage'));
    ({ endpoint } = storage);
    await storage.createBucket('bucket');
    const started = await startForTests(root, endpoint);
    stop = async () => {
      await started.stop();
      await storage.stop();
    };
    dataset = await newDataset(started.emulator, root);
    // Random text, which no compression makes small: two files of 1 MB each.
    const files = ['part-a.parquet', 'part-b.parquet'].map((name) => join(root, name));
    for (const file of files) {
      await inMemory(
        `COPY (SELECT i AS id, sha256(random()::VARCHAR) AS text FROM range(15000) t(i)) TO '${file}' (FORMAT parquet)`,
      );
    }
    staged = {
      input: 'orders',
      rows: 30_000,
      bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      schema: [
        { name: 'id', type: 'int64', nullable: true },
        { name: 'text', type: 'string', nullable: true },
      ],
      files: files.map((uri) => ({ uri, rows: 15_000, bytes: statSync(uri).size })),
    };
    ({ bytes } = staged);
    assert.ok(bytes > 5 * mostForFooters, `${bytes} bytes`);
  });
  after(async () => {
    await stop?.();
    await remove();
  });

  async function moved(sink: Pick<PlannedSink, 'module' | 'parameters'>): Promise<number[]> {
    const folder = join(root, `project-${++tests}`);
    mkdirSync(folder);
    const project = await openProject(folder, endpoint);
    const counted = counting(project);
    const planned: PlannedSink = {
      name: 'out',
      input: 'orders',
      mode: 'replace',
      on_empty: 'truncate',
      on_schema_change: 'fail',
      destination: `${sink.module}:${tests}`,
      ...sink,
    };
    const run = await pin(project, `run${tests}`, { sources: [], sinks: [planned] });
    const at = await stageInBucket(project.objects, `gs://bucket/${tests}`, run, { out: staged });
    const manifest = (await project.objects.stat(at.manifestUri))?.size ?? 0;
    const audited = await counted(() => inActivity(createAudit(project.deps), run, at));
    const first = await counted(() => publish(project, run, at));
    const again = await counted(() => publish(project, run, at));
    return [audited, first, again].map((all) => all - manifest);
  }

  it('for BigQuery, which loads from the bucket, are the footers only', async () => {
    const [audited = 0, first, again] = await moved({
      module: 'bigquery',
      parameters: dataset.sink().parameters,
    });
    assert.ok(audited > 0 && audited < mostForFooters, `${audited} bytes`);
    assert.deepEqual([first, again], [0, 0]);
  });

  it('for DuckDB, which reads files of its host, are each file once', async () => {
    const [audited = 0, first, again] = await moved({
      module: 'duckdb',
      parameters: { database: 'w.duckdb', table: 'orders' },
    });
    assert.ok(audited > 0 && audited < mostForFooters, `${audited} bytes`);
    assert.deepEqual([first, again], [bytes, 0]);
  });
});

/** Counts the bytes that the activities of a project read from the object store. */
function counting(project: Project): (body: () => Promise<unknown>) => Promise<number> {
  const { objects } = project;
  let count = 0;
  const store: ObjectStore = {
    ...objects,
    async read(uri) {
      const content = await objects.read(uri);
      count += content.length;
      return content;
    },
    async readRange(uri, start, end) {
      const content = await objects.readRange(uri, start, end);
      count += content.length;
      return content;
    },
    async download(uri, file, options) {
      await objects.download(uri, file, options);
      count += readFileSync(file).length;
    },
  };
  project.deps.objects = async () => store;
  return async (body) => {
    const before = count;
    await body();
    return count - before;
  };
}
