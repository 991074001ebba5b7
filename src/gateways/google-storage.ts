import { randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { IdempotencyStrategy, Storage, type File, type FileMetadata } from '@google-cloud/storage';
import { bounded } from '../store/bounded.js';
import { parseGsUri } from '../store/gs-uri.js';
import { TooLarge } from '../store/read-regular.js';
import {
  ObjectNotFound,
  PreconditionFailed,
  type ObjectInfo,
  type ObjectStore,
  type WriteOptions,
} from '../store/object-store.js';
import { retrying } from './retrying.js';
import { storageError, troubleOf } from './storage-errors.js';

/** Deletions in flight at once. */
const removals = 16;
/** Metadata that tells this call's own write from another's, after an answer that was lost. */
const writeLabel = 'beamline-write';
/** What is read as a whole: plans, manifests, receipts, SQL. */
const mostInMemory = 100_000_000;

/**
 * Cloud Storage, or the emulator that `STORAGE_EMULATOR_HOST` names (`http://host:port`).
 *
 * Each request is tried again here and never by the client: once a client was asked for a write
 * without a precondition, it stops all of its retries (`retryOptions.autoRetry`), and after a lost
 * answer it cannot tell its own write from another's.
 */
export function createObjectStore({
  endpoint = process.env['STORAGE_EMULATOR_HOST'],
}: { endpoint?: string | undefined } = {}): ObjectStore {
  const storage = createClient(endpoint);
  const fileOf = (uri: string): File => {
    const { bucket, name } = parseGsUri(uri);
    if (name === '') throw new RangeError(`\`${uri}\` names a bucket, not an object`);
    return storage.bucket(bucket).file(name);
  };

  const stat = async (uri: string): Promise<ObjectInfo | null> => {
    const found = await described(uri);
    return found && infoOf(uri, found);
  };

  const described = (uri: string): Promise<FileMetadata | null> =>
    request(uri, async () => {
      try {
        return (await fileOf(uri).getMetadata())[0];
      } catch (error) {
        if (troubleOf(error) === 'absent') return null;
        throw error;
      }
    });

  /** One write that is known to have happened or not, also after answers that were lost. */
  const put = async (
    uri: string,
    source: () => AsyncIterable<Buffer> | Iterable<Buffer>,
    { ifGeneration, metadata = {}, md5, signal }: WriteOptions = {},
  ): Promise<void> => {
    const label = randomUUID();
    const options = {
      resumable: false,
      validation: 'crc32c',
      metadata: {
        metadata: { ...metadata, [writeLabel]: label },
        ...(md5 === undefined ? {} : { md5Hash: md5 }),
      },
      ...(ifGeneration === undefined
        ? {}
        : { preconditionOpts: { ifGenerationMatch: ifGeneration } }),
    } as const;
    let attempts = 0;
    try {
      await inBucket(uri, () =>
        request(uri, async (attempt) => {
          attempts = attempt;
          const stream = fileOf(uri).createWriteStream(options);
          await pipeline(source(), stream, { signal }).catch(async (error: unknown) => {
            throw await causeOf(error, fileOf(uri));
          });
        }),
      );
    } catch (error) {
      const isOwn = async (): Promise<boolean> =>
        (await described(uri))?.metadata?.[writeLabel] === label;
      if (error instanceof PreconditionFailed && attempts > 1 && (await isOwn())) return;
      throw error;
    }
  };

  const store: ObjectStore = {
    async read(uri, most = mostInMemory) {
      const content = await request(uri, () => readAtMost(fileOf(uri), most));
      if (content === null) throw new TooLarge(most + 1, most);
      return content;
    },
    readRange: async (uri, start, end) =>
      end <= start ? Buffer.alloc(0) : request(uri, () => rangeOf(fileOf(uri), start, end)),
    stat,
    write: (uri, content, options) => put(uri, () => [Buffer.from(content)], options),
    async createOnce(uri, content) {
      try {
        await store.write(uri, content, { ifGeneration: '0' });
        return true;
      } catch (error) {
        if (error instanceof PreconditionFailed) return false;
        throw error;
      }
    },
    upload: (file, uri, options) =>
      put(uri, () => createReadStream(file) as AsyncIterable<Buffer>, options),
    download: (uri, file, { signal } = {}) =>
      request(uri, () => downloadWhole(fileOf(uri), file, signal)),
    async *list(prefix) {
      const { bucket, name } = parseGsUri(prefix);
      let query: object | null = { prefix: name, autoPaginate: false };
      while (query !== null) {
        const page: object = query;
        const [files, next] = await inBucket(prefix, () =>
          request(prefix, () => storage.bucket(bucket).getFiles(page)),
        );
        for (const file of files) yield infoOf(`gs://${bucket}/${file.name}`, file.metadata);
        query = (next as object | null | undefined) ?? null;
      }
    },
    async remove(uri, { ifGeneration } = {}) {
      const precondition = ifGeneration === undefined ? {} : { ifGenerationMatch: ifGeneration };
      try {
        await request(uri, () => fileOf(uri).delete(precondition));
      } catch (error) {
        if (error instanceof ObjectNotFound) return;
        // The answer to our own deletion may have been lost, or somebody else was quicker.
        if (error instanceof PreconditionFailed && (await stat(uri)) === null) return;
        throw error;
      }
    },
    async removePrefix(prefix) {
      const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
      if (parseGsUri(folder).name === '') throw new RangeError(`\`${prefix}\` is a whole bucket`);
      const found: string[] = [];
      for await (const { uri } of store.list(folder)) found.push(uri);
      await bounded(removals, found, (uri) => store.remove(uri));
    },
  };
  return store;
}

function createClient(endpoint: string | undefined): Storage {
  const retryOptions = {
    autoRetry: false,
    idempotencyStrategy: IdempotencyStrategy.RetryNever,
  };
  if (endpoint === undefined || endpoint === '') return new Storage({ retryOptions });
  // With the variable set the client leaves `/storage/v1` out of its addresses.
  const kept = process.env['STORAGE_EMULATOR_HOST'];
  delete process.env['STORAGE_EMULATOR_HOST'];
  try {
    return new Storage({ apiEndpoint: endpoint, projectId: 'beamline-dev', retryOptions });
  } finally {
    if (kept !== undefined) process.env['STORAGE_EMULATOR_HOST'] = kept;
  }
}

async function rangeOf(object: File, start: number, end: number): Promise<Buffer> {
  try {
    return (await object.download({ start, end: end - 1, decompress: false }))[0];
  } catch (error) {
    // Range Not Satisfiable: the object ends before.
    if (Number((error as { code?: unknown }).code) === 416) return Buffer.alloc(0);
    throw error;
  }
}

/**
 * Counts what arrives, unpacked: an object may be larger than it says, or be replaced meanwhile.
 * @returns null if it is larger
 */
async function readAtMost(object: File, most: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let total = 0;
  const content = object.createReadStream({ validation: 'crc32c' }) as AsyncIterable<Buffer>;
  for await (const part of content) {
    total += part.length;
    if (total > most) return null; // Leaving the loop ends the download.
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function downloadWhole(
  object: File,
  file: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await pipeline(
      object.createReadStream({ validation: 'crc32c', decompress: false }),
      createWriteStream(temporary, { flags: 'wx', flush: true }),
      { signal },
    );
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

function infoOf(uri: string, described: FileMetadata): ObjectInfo {
  const metadata = Object.entries(described.metadata ?? {})
    .filter(([name]) => name !== writeLabel)
    .map(([name, value]) => [name, String(value)]);
  return {
    uri,
    size: Number(described.size ?? 0),
    generation: String(described.generation),
    md5: described.md5Hash ?? null,
    metadata: Object.fromEntries(metadata) as Record<string, string>,
    updated: described.updated ?? '',
  };
}

/**
 * An upload that finds no credentials ends as a stream that was destroyed, without a word of why: a look
 * at the object says it.
 */
async function causeOf(error: unknown, object: File): Promise<unknown> {
  if ((error as { code?: unknown }).code !== 'ERR_STREAM_DESTROYED') return error;
  return object.getMetadata().then(
    () => error,
    (cause: unknown) => (troubleOf(cause) === 'absent' ? error : cause),
  );
}

/** Sends a request, again if need be; errors are those of the {@link ObjectStore}. */
async function request<T>(uri: string, body: (attempt: number) => Promise<T>): Promise<T> {
  try {
    return await retrying(body);
  } catch (error) {
    throw storageError(error, uri);
  }
}

/** Requests that need no object: what they do not find is the bucket. */
async function inBucket<T>(uri: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ObjectNotFound)) throw error;
    const missing = new Error('the bucket does not exist', { cause: error });
    throw storageError(Object.assign(missing, { code: 404 }), uri);
  }
}
