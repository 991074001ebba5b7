import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** A file's content, in short. */
export interface FileHashes {
  /** hexadecimal */
  sha256: string;
  /** base64, as Cloud Storage has it. */
  md5: string;
}

/** Reads a file once for both of its hashes. */
export async function hashesOf(file: string): Promise<FileHashes> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  await pipeline(createReadStream(file), async (content: AsyncIterable<Buffer>) => {
    for await (const part of content) {
      sha256.update(part);
      md5.update(part);
    }
  });
  return { sha256: sha256.digest('hex'), md5: md5.digest('base64') };
}
