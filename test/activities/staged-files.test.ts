import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createFindStaged } from '../../src/runners/dataflow/activities/find-staged.js';
import { readManifest } from '../../src/activities/staged/read-manifest.js';
import { stagedHere } from '../../src/activities/staged/fetch-staged.js';
import { failure } from '../../src/shared/failures.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import { openLocalStore, storePaths, type LocalStore } from '../../src/store/local-store.js';
import { ObjectNotFound, type ObjectStore } from '../../src/store/object-store.js';
import type { RunReference, Staged } from '../../src/workflows/contract/activities.js';
import { temporaryRoot } from '../support/stack.js';
import { inActivity, targetOf } from './support.js';

const attempt = 'gs://bucket/beamline/staging/q4kx7mw2ta/1';
const uri = `${attempt}/out/part-1.parquet`;
const run = { runKey: 'q4kx7mw2ta' } as RunReference;
const staged: Staged = { manifestUri: `${attempt}/manifest.json`, manifestSha256: '', attempt: 1 };

describe('what a job staged in a bucket, fetched here', () => {
  let store: LocalStore;
  let remove: () => Promise<void>;
  let bucket: Bucket;
  let local: string;

  beforeEach(async () => {
    const temporary = await temporaryRoot();
    ({ remove } = temporary);
    store = await openLocalStore(join(temporary.root, 'store'));
    bucket = new Bucket();
    local = join(storePaths.staging(store, run.runKey), '1', 'out', 'part-1.parquet');
  });
  afterEach(() => remove());

  const fetched = (bytes: number, of = uri): Promise<ManifestSink> =>
    inActivity(() => stagedHere({ store, objects: bucket.open }, run, staged, sinkOf(of, bytes)));

  it('is a file of its name, fetched once', async () => {
    bucket.objects.set(uri, 'rows');
    for (const time of ['first', 'second']) {
      const { files } = await fetched(4);
      assert.deepEqual(files, [{ uri: local, rows: 1, bytes: 4 }], time);
    }
    assert.equal(await readFile(local, 'utf8'), 'rows');
    assert.deepEqual(bucket.downloads, [uri]);
  });

  it('is fetched again where the file is not as long as its manifest says', async () => {
    bucket.objects.set(uri, 'rows');
    await mkdir(dirname(local), { recursive: true });
    for (const cut of ['', 'row', 'rows and']) {
      await writeFile(local, cut);
      await fetched(4);
      assert.equal(await readFile(local, 'utf8'), 'rows');
    }
  });

  it('fails where what is fetched is not as long as its manifest says', async () => {
    bucket.objects.set(uri, 'rows');
    for (const bytes of [3, 5]) {
      await assert.rejects(fetched(bytes), {
        type: 'StagingDamaged',
        message: `${uri} has 4 bytes, its manifest says ${bytes}`,
      });
    }
  });

  it('fails where it is gone, and is tried again where the bucket does not answer', async () => {
    await assert.rejects(fetched(4), { type: 'StagingDamaged', message: /is not there any more/ });
    bucket.trouble = failure('ConnectionLost', 'away');
    await assert.rejects(fetched(4), { type: 'ConnectionLost' });
  });

  it('fetches nothing that is not below the folder of its manifest', async () => {
    for (const elsewhere of ['gs://bucket/part', `${attempt}/../2/part`, `${attempt}x/part`]) {
      bucket.objects.set(elsewhere, 'rows');
      await assert.rejects(fetched(4, elsewhere), {
        type: 'StagingDamaged',
        message: /is not below/,
      });
    }
    assert.deepEqual(bucket.downloads, []);
  });

  it('is left as it is where a run staged it here', async () => {
    const here = { ...staged, manifestUri: '/store/staging/q4kx7mw2ta/1/manifest.json' };
    const sink = sinkOf('/store/staging/q4kx7mw2ta/1/out/part-1.parquet', 4);
    const found = await inActivity(() =>
      stagedHere({ store, objects: bucket.open }, run, here, sink),
    );
    assert.equal(found, sink);
  });

  it('is not fetched once the activity is cancelled, and a fetch that this ends is no failure', async () => {
    bucket.objects.set(uri, 'rows');
    for (const isUnderWay of [false, true]) {
      const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
      if (isUnderWay) bucket.onDownload = () => environment.cancel();
      else environment.cancel();
      bucket.trouble = new ObjectNotFound('the connection was closed');
      const end = environment.run(() =>
        stagedHere({ store, objects: bucket.open }, run, staged, sinkOf(uri, 4)),
      );
      await assert.rejects(end, { name: 'CancelledFailure' });
      assert.equal(bucket.downloads.length, isUnderWay ? 1 : 0);
    }
  });
});

describe('the manifest of a job in a bucket', () => {
  let bucket: Bucket;
  beforeEach(() => {
    bucket = new Bucket();
  });
  const find = (): Promise<Staged> =>
    inActivity(
      createFindStaged({ objects: bucket.open }),
      run,
      targetOf('gs://bucket/beamline'),
      1,
    );
  const text = JSON.stringify({
    manifest_version: 1,
    run_key: run.runKey,
    attempt: 1,
  });

  it('is found with its hash, whatever else its launch left', async () => {
    bucket.objects.set(`${attempt}/manifest.json`, text);
    bucket.objects.set(`${attempt}/failure.json`, '{}');
    assert.deepEqual(await find(), { ...staged, manifestSha256: sha256(text) });
  });

  it('is missed with what the job says of it, for good', async () => {
    await assert.rejects(find(), { type: 'StagingDamaged', message: /left no manifest/ });
    bucket.objects.set(`${attempt}/failure.json`, 'no JSON, password=hunter2');
    await assert.rejects(find(), { type: 'ObjectStoreRefused', message: /cannot be read/ });
    const said = { type: 'ConnectionLost', message: 'gone', retryable: true, step: 'a' };
    bucket.objects.set(`${attempt}/failure.json`, JSON.stringify(said));
    await assert.rejects(find(), { type: 'ConnectionLost', message: 'gone', nonRetryable: true });
  });

  it('is read only as it was found, and of a bounded size', async () => {
    const read = (manifestSha256: string): Promise<unknown> =>
      readManifest({ objects: bucket.open }, { ...staged, manifestSha256 });
    await assert.rejects(read(sha256('')), { type: 'StagingDamaged', message: /cannot be read/ });
    bucket.objects.set(staged.manifestUri, text);
    await assert.rejects(read(sha256(`${text} `)), {
      type: 'StagingDamaged',
      message: new RegExp(`was changed after it was written: sha256 ${sha256(text)}`),
    });
    const long = ' '.repeat(67_108_865);
    bucket.objects.set(staged.manifestUri, long);
    await assert.rejects(read(sha256(long)), {
      type: 'StagingDamaged',
      message: /more than 67,108,864/,
    });
    bucket.trouble = failure('ConnectionLost', 'away');
    await assert.rejects(read(sha256(text)), { type: 'ConnectionLost' });
  });
});

function sinkOf(of: string, bytes: number): ManifestSink {
  return { input: 'orders', rows: 1, bytes, schema: [], files: [{ uri: of, rows: 1, bytes }] };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Objects in memory, as far as reading them goes. */
class Bucket {
  readonly objects = new Map<string, string>();
  readonly downloads: string[] = [];
  /** Thrown by each request. */
  trouble: Error | undefined;
  onDownload: () => void = () => undefined;

  readonly open = async (): Promise<ObjectStore> => {
    const store: Pick<ObjectStore, 'read' | 'readRange' | 'download'> = {
      read: async (uri) => this.#read(uri),
      readRange: async (uri, start, end) => this.#read(uri).subarray(start, end),
      download: async (uri, path) => {
        this.downloads.push(uri);
        this.onDownload();
        const content = this.#read(uri);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      },
    };
    return store as ObjectStore;
  };

  #read(uri: string): Buffer {
    if (this.trouble !== undefined) throw this.trouble;
    const content = this.objects.get(uri);
    if (content === undefined) throw new ObjectNotFound(uri);
    return Buffer.from(content);
  }
}
