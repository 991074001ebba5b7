import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { assertFooters } from '../../src/activities/staged/footers.js';
import { failure } from '../../src/shared/failures.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import { ObjectNotFound, type ObjectInfo, type ObjectStore } from '../../src/store/object-store.js';
import { mostFooterBytes, rowsInFooter } from '../../src/store/parquet-footer.js';
import type { Staged } from '../../src/workflows/contract/activities.js';
import { inMemory } from '../destinations/support.js';
import { temporaryRoot } from '../support/stack.js';
import { inActivity } from './support.js';

const attempt = 'gs://bucket/staging/run/1';
const inBucket: Staged = {
  manifestUri: `${attempt}/manifest.json`,
  manifestSha256: '',
  attempt: 1,
};

const remote = (
  contents: Map<string, Buffer>,
  files: ManifestSink['files'] = filesOf(contents),
): Promise<void> =>
  inActivity(() => assertFooters(bucketOf(contents), inBucket, 'out', sinkOf(files)));

const named = (content: Buffer): Map<string, Buffer> =>
  new Map([[`${attempt}/out/part-1.parquet`, content]]);

describe('the footers of staged files', () => {
  let root: string;
  let remove: () => Promise<void>;
  let parquet: Buffer;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    const file = join(root, 'three.parquet');
    await inMemory(`COPY (SELECT i FROM range(3) t(i)) TO '${file}' (FORMAT parquet)`);
    parquet = readFileSync(file);
  });
  after(() => remove());

  const local = (files: ManifestSink['files']): Promise<void> => {
    const staged = { ...inBucket, manifestUri: join(root, 'manifest.json') };
    return inActivity(() => assertFooters(bucketOf(new Map()), staged, 'out', sinkOf(files)));
  };

  /** Ways to be no file of three rows, and what is said of each. */
  const broken: [string, (whole: Buffer) => Buffer, RegExp][] = [
    ['is empty', () => Buffer.alloc(0), /does not end as a Parquet file/],
    ['is shorter than a footer', () => Buffer.from('PAR1'), /does not end as a Parquet file/],
    ['is cut off', (whole) => whole.subarray(0, -1), /does not end as a Parquet file/],
    [
      'is shorter than its footer',
      (whole) => whole.subarray(-40),
      /claims \d+ bytes, and the whole/,
    ],
    ['claims a footer of gigabytes', (whole) => claiming(whole, 0xffffffff), /claims 4294967295 /],
    ['claims too short a footer', (whole) => claiming(whole, 9), /cannot be read/],
  ];
  for (const [what, breaking, says] of broken) {
    it(`fails the audit, here and in a bucket, where a file ${what}`, async () => {
      const content = breaking(parquet);
      const uri = join(root, 'broken.parquet');
      writeFileSync(uri, content);
      const expected = { type: 'StagingDamaged', message: says };
      await assert.rejects(local([{ uri, rows: 3, bytes: content.length }]), expected);
      await assert.rejects(remote(named(content)), expected);
    });
  }

  it('fails the audit where a file holds other rows than its manifest says', async () => {
    const files = filesOf(named(parquet)).map((file) => ({ ...file, rows: 4 }));
    await assert.rejects(remote(named(parquet), files), {
      type: 'StagingDamaged',
      message: /holds 3 rows, its manifest says 4/,
    });
  });

  it('fails the audit where the files of a sink hold other rows than its manifest says in all', async () => {
    const files = filesOf(named(parquet));
    const sink = { ...sinkOf(files), rows: 4 };
    const audited = inActivity(() =>
      assertFooters(bucketOf(named(parquet)), inBucket, 'out', sink),
    );
    await assert.rejects(audited, { type: 'StagingDamaged', message: /hold 3 rows, not 4/ });
  });

  it('fails the audit where a file of a bucket is gone, or of another length than its manifest says', async () => {
    const contents = named(parquet);
    const files = filesOf(contents);
    await assert.rejects(remote(new Map(), files), {
      type: 'StagingDamaged',
      message: /part-1\.parquet is not there any more/,
    });
    // Its footer is whole: what was put before it is not what was staged.
    const longer = named(Buffer.concat([Buffer.from('PAR1'), parquet]));
    await assert.rejects(remote(longer, files), {
      type: 'StagingDamaged',
      message: `${files[0]?.uri} has ${parquet.length + 4} bytes, its manifest says ${parquet.length}`,
    });
  });

  it('fails the audit where a file of a bucket is removed after it was listed', async () => {
    const { objects } = bucketOf(named(parquet));
    const vanishing = async (): Promise<ObjectStore> => ({
      ...(await objects()),
      readRange: (uri) => Promise.reject(new ObjectNotFound(uri)),
    });
    const audited = inActivity(() =>
      assertFooters({ objects: vanishing }, inBucket, 'out', sinkOf(filesOf(named(parquet)))),
    );
    await assert.rejects(audited, {
      type: 'StagingDamaged',
      message: /^the staged file .*part-1\.parquet is not there any more$/,
    });
  });

  it('fails the audit where its manifest names what is not below its own folder', async () => {
    for (const uri of [
      'gs://bucket/staging/run/2/part',
      'gs://other/part',
      `${attempt}/../2/part`,
    ]) {
      const seen = { now: 0, most: 0, all: 0, lists: 0 };
      const contents = new Map([[uri, parquet]]);
      const bucket = bucketOf(contents, seen);
      const audited = inActivity(() =>
        assertFooters(bucket, inBucket, 'out', sinkOf(filesOf(contents))),
      );
      await assert.rejects(audited, {
        type: 'StagingDamaged',
        message: `the manifest names ${uri}, which is not below ${attempt}`,
      });
      assert.deepEqual([seen.all, seen.lists], [0, 0]);
    }
  });

  it('is tried again, and no fault of the data, where the bucket does not answer', async () => {
    const { objects } = bucketOf(named(parquet));
    const away = async (): Promise<ObjectStore> => ({
      ...(await objects()),
      readRange: () => Promise.reject(failure('ConnectionLost', 'away')),
    });
    const audited = inActivity(() =>
      assertFooters({ objects: away }, inBucket, 'out', sinkOf(filesOf(named(parquet)))),
    );
    await assert.rejects(audited, { type: 'ConnectionLost' });
  });

  it('reads a footer that is longer than what is read first, and never one of too many bytes', async () => {
    const file = join(root, 'wide.parquet');
    const columns = Array.from({ length: 2000 }, (_, index) => `${index} AS c${index}`).join(', ');
    await inMemory(`COPY (SELECT ${columns}) TO '${file}' (FORMAT parquet)`);
    const wide = readFileSync(file);
    const reads: number[] = [];
    const rangedOf = (content: Buffer, size = content.length) => ({
      size,
      slice: async (start: number, end: number) => {
        reads.push(end - start);
        const shift = size - content.length;
        return content.subarray(start - shift, end - shift);
      },
    });
    assert.equal(await rowsInFooter(rangedOf(wide)), 1);
    assert.equal(reads.length, 2);
    reads.length = 0;
    const gigabytes = claiming(Buffer.alloc(16_384), mostFooterBytes + 1);
    await assert.rejects(rowsInFooter(rangedOf(gigabytes, 5e9)), /at most 67,108,864 are read/);
    assert.deepEqual(reads, [16_384]);
  });

  it('of very many files are read a few at a time, and no more once one is wrong or the run cancelled', async () => {
    const contents = new Map(
      Array.from({ length: 3000 }, (_, index) => [`${attempt}/out/part-${index}.parquet`, parquet]),
    );
    const seen = { now: 0, most: 0, all: 0, lists: 0 };
    const files = filesOf(contents);
    await inActivity(() => assertFooters(bucketOf(contents, seen), inBucket, 'out', sinkOf(files)));
    assert.deepEqual([seen.all, seen.lists], [3000, 1]);
    assert.ok(seen.most <= 16, `${seen.most} at once`);
    const wrong = files.map((file, index) => (index === 5 ? { ...file, rows: 9 } : file));
    seen.all = 0;
    const audited = inActivity(() =>
      assertFooters(bucketOf(contents, seen), inBucket, 'out', sinkOf(wrong)),
    );
    await assert.rejects(audited, { type: 'StagingDamaged' });
    assert.ok(seen.all < 100, `${seen.all} were read`);
    seen.all = 0;
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const cancelled = bucketOf(contents, seen, () => environment.cancel());
    await assert.rejects(
      environment.run(() => assertFooters(cancelled, inBucket, 'out', sinkOf(files))),
      { name: 'CancelledFailure' },
    );
    assert.ok(seen.all < 100, `${seen.all} were read`);
  });
});

function claiming(whole: Buffer, length: number): Buffer {
  const content = Buffer.from(whole);
  content.writeUInt32LE(length, content.length - 8);
  content.write('PAR1', content.length - 4);
  return content;
}

function filesOf(contents: Map<string, Buffer>): ManifestSink['files'] {
  return [...contents].map(([uri, { length }]) => ({ uri, rows: 3, bytes: length }));
}

function sinkOf(files: ManifestSink['files']): ManifestSink {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return { input: 'orders', rows, bytes: 1, schema: [], files };
}

/** A bucket that holds these objects, and counts what is asked of it. */
function bucketOf(
  contents: Map<string, Buffer>,
  seen = { now: 0, most: 0, all: 0, lists: 0 },
  onRead: () => void = () => undefined,
): { objects: () => Promise<ObjectStore> } {
  const store: Pick<ObjectStore, 'list' | 'readRange'> = {
    async *list(prefix) {
      seen.lists += 1;
      for (const [uri, { length: size }] of contents) {
        if (uri.startsWith(prefix)) yield { uri, size } as ObjectInfo;
      }
    },
    async readRange(uri, start, end) {
      seen.all += 1;
      seen.most = Math.max(seen.most, (seen.now += 1));
      onRead();
      await turn();
      seen.now -= 1;
      return (contents.get(uri) as Buffer).subarray(start, end);
    },
  };
  return { objects: async () => store as ObjectStore };
}
