import { open } from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import pLimit from 'p-limit';
import type { ObjectStore } from './object-store.js';
import { number } from '../shared/counts.js';

/** A file of which parts are read. */
export interface RangedFile {
  /** Bytes. */
  size: number;
  /** From `start` to before `end`. */
  slice(start: number, end: number): Promise<Buffer>;
}

/** Read of every file's end, before its footer's length is known. Few footers are longer. */
const firstBytes = 16_384;
/** Of 10,000 columns in 30 row groups. A longer one is refused: it is read into memory. */
export const mostFooterBytes = 67_108_864;
/** The length of the footer and `PAR1`, behind it. */
const trailerBytes = 8;
/** A long footer takes memory, many times its size while it is parsed: one at a time. */
const longOnes = pLimit(1);

/**
 * The number of rows that a Parquet file's footer tells. Moves its last 16 KiB, or the footer if it is longer.
 * @throws an error that says what is wrong with the file
 */
export async function rowsInFooter(file: RangedFile): Promise<number> {
  const { size } = file;
  const end = await exactly(file, Math.max(0, size - firstBytes), size);
  if (size < trailerBytes + 4 || end.toString('latin1', end.length - 4) !== 'PAR1') {
    throw new Error('it does not end as a Parquet file does');
  }
  const length = end.readUInt32LE(end.length - trailerBytes);
  if (length > size - trailerBytes - 4) {
    throw new Error(`its footer claims ${length} bytes, and the whole file has ${size}`);
  }
  if (length + trailerBytes <= end.length) return rowsOf(end);
  if (length > mostFooterBytes) {
    throw new Error(
      `its footer claims ${number(length)} bytes; at most ${number(mostFooterBytes)} are read`,
    );
  }
  return longOnes(async () => {
    const begin = await exactly(file, size - trailerBytes - length, size - end.length);
    return rowsOf(Buffer.concat([begin, end]));
  });
}

/** A file of this machine, which is open while `body` works with it. */
export async function withLocalFile<R>(
  path: string,
  body: (file: RangedFile) => Promise<R>,
): Promise<R> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    return await body({
      size,
      async slice(start, end) {
        const buffer = Buffer.alloc(end - start);
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
        return buffer.subarray(0, bytesRead);
      },
    });
  } finally {
    await handle.close();
  }
}

/** @param size of the object, in bytes */
export function remoteFile(
  objects: Pick<ObjectStore, 'readRange'>,
  uri: string,
  size: number,
): RangedFile {
  return { size, slice: (start, end) => objects.readRange(uri, start, end) };
}

async function exactly(file: RangedFile, start: number, end: number): Promise<Buffer> {
  const found = await file.slice(start, end);
  if (found.length === end - start) return found;
  throw new Error(`it ends ${end - start - found.length} bytes before it should`);
}

function rowsOf(footer: Buffer): number {
  return Number(parquetMetadata(footer, { geoparquet: false }).num_rows);
}
