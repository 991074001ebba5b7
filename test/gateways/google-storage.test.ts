import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import {
  ObjectNotFound,
  PreconditionFailed,
  type ObjectStore,
} from '../../src/store/object-store.js';
import { TooLarge } from '../../src/store/read-regular.js';
import { startStorage, startStorageProxy, type StorageEmulator } from '../support/storage.js';
import type { StorageProxy } from '../support/storage.js';
import { temporaryRoot } from '../support/stack.js';

const md5 = (content: Buffer | string): string =>
  createHash('md5').update(content).digest('base64');

describe('the object store', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;
  let proxy: StorageProxy;
  let objects: ObjectStore;
  /** A folder of its own for each test. */
  let at: string;
  let tests = 0;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    emulator = await startStorage(join(root, 'storage'));
    await emulator.createBucket('bucket');
    proxy = await startStorageProxy(emulator);
    objects = createObjectStore({ endpoint: proxy.endpoint });
  });
  beforeEach(() => {
    at = `gs://bucket/test-${++tests}`;
    proxy.trouble = () => undefined;
    proxy.seen.length = 0;
  });
  after(async () => {
    await proxy.stop();
    await emulator.stop();
    await remove();
  });

  async function names(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { uri } of objects.list(prefix)) found.push(uri.slice(at.length + 1));
    return found;
  }

  /** Lets trouble happen to the first `times` requests that match. */
  function trouble(pattern: RegExp, what: ReturnType<StorageProxy['trouble']>, times = 1): void {
    let left = times;
    proxy.trouble = (request) => (pattern.test(request) && left-- > 0 ? what : undefined);
  }

  it('reads a range of an object, and what there is of one that ends before', async () => {
    const uri = `${at}/digits`;
    await objects.write(uri, '0123456789');
    const range = async (start: number, end: number) =>
      String(await objects.readRange(uri, start, end));
    assert.deepEqual(
      [await range(0, 3), await range(7, 10), await range(8, 99), await range(10, 12)],
      ['012', '789', '89', ''],
    );
    assert.equal(await range(4, 4), '');
    await objects.write(uri, '');
    assert.equal(await range(0, 9), '');
    await assert.rejects(objects.readRange(`${at}/none`, 0, 1), ObjectNotFound);
    trouble(/alt=media/, { status: 503, message: 'later' });
    assert.equal(await range(0, 1), '');
  });

  it('writes, describes and reads an object', async () => {
    const uri = `${at}/a b/ü#?.txt`;
    assert.equal(await objects.stat(uri), null);
    await objects.write(uri, 'één', { metadata: { owner: 'me' } });
    assert.equal((await objects.read(uri)).toString(), 'één');
    const info = await objects.stat(uri);
    assert.equal(info?.uri, uri);
    assert.equal(info.size, 5);
    assert.equal(info.md5, md5('één'));
    assert.deepEqual(info.metadata, { owner: 'me' });
    assert.ok(Number(info.generation) > 0 && !Number.isNaN(Date.parse(info.updated)));
  });

  it('reads no object that is larger than its reader takes', async () => {
    await objects.write(`${at}/large`, Buffer.alloc(100_000, 'x'));
    assert.equal((await objects.read(`${at}/large`, 100_000)).length, 100_000);
    await assert.rejects(objects.read(`${at}/large`, 99_999), TooLarge);
  });

  it('reads nothing of what is not there', async () => {
    await assert.rejects(objects.read(`${at}/none`), ObjectNotFound);
    await assert.rejects(objects.download(`${at}/none`, join(root, 'none')), ObjectNotFound);
    assert.equal(existsSync(join(root, 'none')), false);
    assert.deepEqual(await names(`${at}/`), []);
  });

  it('creates an object once, with the content of the first', async () => {
    assert.equal(await objects.createOnce(`${at}/once`, 'first'), true);
    assert.equal(await objects.createOnce(`${at}/once`, 'second'), false);
    assert.equal(await objects.createOnce(`${at}/once`, 'first'), false);
    assert.equal((await objects.read(`${at}/once`)).toString(), 'first');
  });

  it('lets one of many creators win', async () => {
    const creators = Array.from({ length: 8 }, (_, index) =>
      objects.createOnce(`${at}/race`, `of ${index}`),
    );
    const won = (await Promise.all(creators)).flatMap((made, index) => (made ? [index] : []));
    assert.equal(won.length, 1);
    assert.equal((await objects.read(`${at}/race`)).toString(), `of ${won[0]}`);
  });

  it('overwrites and deletes only the generation that was seen', async () => {
    const uri = `${at}/seen`;
    await objects.write(uri, '1');
    const { generation = '' } = (await objects.stat(uri)) ?? {};
    await objects.write(uri, '2', { ifGeneration: generation });
    await assert.rejects(objects.write(uri, '3', { ifGeneration: generation }), PreconditionFailed);
    await assert.rejects(objects.remove(uri, { ifGeneration: generation }), PreconditionFailed);
    assert.equal((await objects.read(uri)).toString(), '2');
    const now = await objects.stat(uri);
    await objects.remove(uri, { ifGeneration: now?.generation ?? '' });
    await objects.remove(uri, { ifGeneration: now?.generation ?? '' });
    await objects.remove(uri);
    assert.equal(await objects.stat(uri), null);
  });

  it('knows its own write again after the answer was lost', async () => {
    trouble(/^POST \/upload/, 'answer lost');
    assert.equal(await objects.createOnce(`${at}/lost`, 'mine'), true);
    assert.equal(proxy.seen.filter((request) => request.startsWith('POST /upload')).length, 2);
    assert.equal((await objects.read(`${at}/lost`)).toString(), 'mine');
  });

  it("does not take another's write for its own, though the content is the same", async () => {
    await createObjectStore({ endpoint: emulator.endpoint }).createOnce(`${at}/theirs`, 'same');
    trouble(/^POST \/upload/, { status: 503, message: 'busy' });
    assert.equal(await objects.createOnce(`${at}/theirs`, 'same'), false);
  });

  it('deletes once, also after the answer was lost', async () => {
    const uri = `${at}/gone`;
    await objects.write(uri, 'x');
    const { generation = '' } = (await objects.stat(uri)) ?? {};
    trouble(/^DELETE /, 'answer lost');
    await objects.remove(uri, { ifGeneration: generation });
    assert.equal(await objects.stat(uri), null);
  });

  it('tries again what may pass, and not what does not', async () => {
    await objects.write(`${at}/x`, 'x');
    trouble(/^GET /, { status: 503, message: 'busy' }, 2);
    assert.equal((await objects.read(`${at}/x`)).toString(), 'x');
    trouble(/^GET /, { status: 429, message: 'slow down' }, 9);
    await assert.rejects(objects.stat(`${at}/x`), { type: 'ConnectionLost' });
    proxy.seen.length = 0;
    trouble(/^GET /, { status: 403, message: 'caller does not have storage.objects.get' }, 9);
    await assert.rejects(objects.stat(`${at}/x`), (error: Error & { type?: string }) => {
      assert.equal(error.type, 'ObjectStoreRefused');
      assert.match(error.message, /storage\.objects\.get.*Storage Object User.*bucket `bucket`/);
      return true;
    });
    assert.equal(proxy.seen.length, 1);
  });

  it('still tries writes again after one without a precondition', async () => {
    await objects.write(`${at}/plain`, 'x');
    trouble(/^POST \/upload/, { status: 503, message: 'busy' });
    await objects.write(`${at}/plain`, 'y');
    assert.equal((await objects.read(`${at}/plain`)).toString(), 'y');
  });

  it('names a bucket that is missing, and what to do', async () => {
    const refused = {
      type: 'ObjectStoreRefused',
      message: /no bucket `nowhere`: create it, or correct `store`/,
    };
    await assert.rejects(objects.write('gs://nowhere/x', 'x'), refused);
    await assert.rejects(objects.createOnce('gs://nowhere/x', 'x'), refused);
    await assert.rejects(async () => {
      for await (const _ of objects.list('gs://nowhere/')) break;
    }, refused);
  });

  it('says that the server cannot be reached', async () => {
    const nobody = createObjectStore({ endpoint: 'http://127.0.0.1:9' });
    await assert.rejects(nobody.stat('gs://bucket/x'), { type: 'ConnectionLost' });
    await assert.rejects(nobody.write('gs://bucket/x', 'x'), { type: 'ConnectionLost' });
  });

  it('uploads and downloads files, whole or not at all', async () => {
    const file = join(root, 'large');
    const content = randomBytes(3_000_000);
    writeFileSync(file, content);
    await objects.upload(file, `${at}/large`, { ifGeneration: '0', md5: md5(content) });
    await assert.rejects(
      objects.upload(file, `${at}/large`, { ifGeneration: '0' }),
      PreconditionFailed,
    );
    const target = join(root, 'down', 'deep', 'large');
    trouble(/^GET \/.*alt=media/, { status: 503, message: 'busy' });
    await objects.download(`${at}/large`, target);
    assert.ok(readFileSync(target).equals(content));
    await objects.write(`${at}/empty`, '');
    await objects.download(`${at}/empty`, join(root, 'down', 'empty'));
    assert.equal(readFileSync(join(root, 'down', 'empty')).length, 0);
    assert.deepEqual(readdirSync(join(root, 'down', 'deep')), ['large']);
  });

  it('says that credentials are missing, and what to do', async () => {
    const kept = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = join(root, 'no-credentials.json');
    try {
      const real = createObjectStore({ endpoint: '' });
      const refused = { type: 'ObjectStoreRefused', message: /gcloud auth application-default/ };
      await assert.rejects(real.stat('gs://bucket/x'), refused);
      await assert.rejects(real.createOnce('gs://bucket/x', 'x'), refused);
    } finally {
      if (kept === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = kept;
    }
  });

  it('ends a transfer when it is told to, and leaves nothing behind', async () => {
    const file = join(root, 'ended');
    writeFileSync(file, randomBytes(3_000_000));
    const reason = new Error('enough');
    const stop = new AbortController();
    proxy.trouble = () => {
      stop.abort(reason);
      return undefined;
    };
    const ended = objects.upload(file, `${at}/ended`, { signal: stop.signal });
    await assert.rejects(ended, { name: 'AbortError' });
    proxy.trouble = () => undefined;
    assert.equal(await objects.stat(`${at}/ended`), null);
    await objects.upload(file, `${at}/ended`);
    const target = join(root, 'ended-down', 'file');
    const download = objects.download(`${at}/ended`, target, { signal: AbortSignal.abort() });
    await assert.rejects(download, { name: 'AbortError' });
    assert.ok(
      !existsSync(join(root, 'ended-down')) || readdirSync(join(root, 'ended-down')).length === 0,
    );
  });

  it('refuses a file that is not what its checksum says', async () => {
    const file = join(root, 'changed');
    writeFileSync(file, 'new');
    await assert.rejects(objects.upload(file, `${at}/changed`, { md5: md5('old') }));
    assert.equal(await objects.stat(`${at}/changed`), null);
  });

  it('lists in order, and removes a folder but not its neighbour', async () => {
    for (const name of ['a/2', 'a/1', 'a/b/3', 'ab/4']) await objects.write(`${at}/${name}`, 'x');
    assert.deepEqual(await names(`${at}/a/`), ['a/1', 'a/2', 'a/b/3']);
    await objects.removePrefix(`${at}/a`);
    await objects.removePrefix(`${at}/a`);
    assert.deepEqual(await names(`${at}/`), ['ab/4']);
    await assert.rejects(objects.removePrefix('gs://bucket'), RangeError);
    await assert.rejects(objects.removePrefix('gs://bucket/'), RangeError);
  });

  it('takes the emulator from the environment', async () => {
    const kept = process.env['STORAGE_EMULATOR_HOST'];
    process.env['STORAGE_EMULATOR_HOST'] = emulator.endpoint;
    try {
      const here = createObjectStore();
      await here.write(`${at}/env`, 'x');
      assert.equal((await here.read(`${at}/env`)).toString(), 'x');
      assert.equal(process.env['STORAGE_EMULATOR_HOST'], emulator.endpoint);
    } finally {
      if (kept === undefined) delete process.env['STORAGE_EMULATOR_HOST'];
      else process.env['STORAGE_EMULATOR_HOST'] = kept;
    }
  });
});
