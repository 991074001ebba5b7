import { plainName } from './plain-name.js';

/** What an object store says of one object. */
export interface ObjectInfo {
  /** `gs://bucket/name`. */
  uri: string;
  size: number;
  /** Changes with each write: a precondition for the next. */
  generation: string;
  /** base64. */
  md5: string | null;
  metadata: Record<string, string>;
  /** ISO 8601. */
  updated: string;
}

/** Thrown when an object does not exist. */
export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound';
}

/** Thrown when the object is not in the state that the caller wanted: somebody else wrote it. */
export class PreconditionFailed extends Error {
  override readonly name = 'PreconditionFailed';
}

/** How an object is written. */
export interface WriteOptions {
  /** Only if the object is at that generation; `'0'`: only if there is none. */
  ifGeneration?: string;
  metadata?: Record<string, string>;
  /** base64: the store refuses a content that is another one. */
  md5?: string;
  /** Ends the transfer, with the signal's reason; nothing is written then. */
  signal?: AbortSignal;
}

/**
 * Cloud Storage, as Beamline needs it. URIs are `gs://bucket/name`. Beside the errors that are
 * named below, every method may throw the failures `ConnectionLost` (try again later) and
 * `ObjectStoreRefused` (a permission or the bucket is missing).
 */
export interface ObjectStore {
  /**
   * Reads a whole object of at most `most` bytes; default 100 MB.
   * @throws {@link ObjectNotFound}, `TooLarge`
   */
  read(uri: string, most?: number): Promise<Buffer>;
  /**
   * Bytes of an object from `start` to before `end`; fewer where it ends before. Nothing checks them.
   * @throws {@link ObjectNotFound}
   */
  readRange(uri: string, start: number, end: number): Promise<Buffer>;
  /** Null if there is no such object. */
  stat(uri: string): Promise<ObjectInfo | null>;
  /**
   * Writes an object whole.
   * @throws {@link PreconditionFailed}
   */
  write(uri: string, content: Buffer | string, options?: WriteOptions): Promise<void>;
  /** Writes an object unless it is there; true if this call made it. */
  createOnce(uri: string, content: Buffer | string): Promise<boolean>;
  /**
   * Uploads a file of this machine.
   * @throws {@link PreconditionFailed}
   */
  upload(file: string, uri: string, options?: WriteOptions): Promise<void>;
  /** Downloads to a file of this machine, whole or not at all, and checks its checksum. */
  download(uri: string, file: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** Objects whose URI begins with the prefix, by name. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /**
   * Deletes an object; one that is gone already is no error.
   * @throws {@link PreconditionFailed}
   */
  remove(uri: string, options?: { ifGeneration?: string }): Promise<void>;
  /** Deletes everything below a folder. */
  removePrefix(prefix: string): Promise<void>;
}

/** The content of an object; null if there is none. */
export async function readIfThere(
  store: Pick<ObjectStore, 'read'>,
  uri: string,
): Promise<Buffer | null> {
  return store.read(uri).catch((error: unknown) => {
    if (error instanceof ObjectNotFound) return null;
    throw error;
  });
}

/** Where things are below a run's `store` (`gs://bucket/prefix`). */
export const objectPaths = {
  plan: (store: string, sha256: string) => `${store}/plans/${plainName(sha256)}.json`,
  /** Local files that a pipeline's `files` sources read, pinned by content; the job's `--root`. */
  inputs: (store: string, sha256: string) => `${store}/inputs/${plainName(sha256)}`,
  run: (store: string, runKey: string) => `${store}/runs/${plainName(runKey)}`,
  receipt: (store: string, runKey: string) => `${store}/runs/${plainName(runKey)}/receipt.json`,
  profiles: (store: string, runKey: string) => `${store}/runs/${plainName(runKey)}/profiles.json`,
  staging: (store: string, runKey: string) => `${store}/staging/${plainName(runKey)}`,
  /** The staging of one launch: the launch ordinal is the attempt's name. */
  attempt: (store: string, runKey: string, ordinal: number) =>
    `${store}/staging/${plainName(runKey)}/${ordinal}`,
  /** The mirror of `beamline sync`. */
  mirror: (store: string) => `${store}/project`,
} as const;
