import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { number } from '../shared/counts.js';

/** Thrown for what is no regular file: a pipe would never end, a device could fill the memory. */
export class NotRegular extends Error {
  override readonly name = 'NotRegular';
  readonly kind: string;

  constructor(kind: string) {
    super(`is ${kind}, not a regular file`);
    this.kind = kind;
  }
}

/** Thrown for a file with more bytes than its reader takes; `size` is what is known of it. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  readonly size: number;
  readonly most: number;

  constructor(size: number, most: number) {
    super(`has ${size > most ? number(size) : 'more'} bytes; at most ${number(most)} are read`);
    this.size = size;
    this.most = most;
  }
}

/**
 * Reads a whole file that somebody else named: a regular one, of at most `most` bytes, whatever its size
 * is said to be (a file of `/proc` has 0). Never waits: a pipe is not opened, and if the path becomes one
 * meanwhile, opening it does not block.
 * @throws {@link NotRegular}, {@link TooLarge}, or what the file system says, with its `code`
 */
export function readRegularFile(path: string, most: number): Buffer {
  // Before opening: that alone has effects on some devices.
  assertRegular(statSync(path));
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const { size } = assertRegular(fstatSync(file));
    if (size > most) throw new TooLarge(size, most);
    return readAtMost(file, most);
  } finally {
    closeSync(file);
  }
}

/** Like {@link readRegularFile}, of a UTF-8 text; one that is not is the error of `TextDecoder`. */
export function readRegularText(path: string, most: number): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readRegularFile(path, most));
}

type Kind = Pick<
  ReturnType<typeof fstatSync>,
  'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'size'
>;

function assertRegular<S extends Kind>(found: S): S {
  if (found.isFile()) return found;
  if (found.isDirectory()) throw new NotRegular('a folder');
  if (found.isFIFO()) throw new NotRegular('a pipe');
  throw new NotRegular(found.isSocket() ? 'a socket' : 'a device');
}

function readAtMost(file: number, most: number): Buffer {
  const parts: Buffer[] = [];
  for (let total = 0; ;) {
    const part = Buffer.allocUnsafe(Math.min(64 * 1024, most + 1 - total));
    const count = readSync(file, part);
    if (count === 0) return Buffer.concat(parts);
    total += count;
    if (total > most) throw new TooLarge(total - 1, most);
    parts.push(part.subarray(0, count));
  }
}
