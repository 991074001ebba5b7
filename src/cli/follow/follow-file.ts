import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 300;

/**
 * Gives what stands in a file and what is appended to it, until `ended` is aborted; the file may
 * come into being later.
 */
export async function followFile(
  file: string,
  write: (bytes: Uint8Array) => void,
  ended: AbortSignal,
): Promise<void> {
  let position = 0;
  for (let isLast = false; ; isLast = ended.aborted) {
    position += await copyFrom(file, position, write);
    if (isLast) return;
    await sleep(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

async function copyFrom(
  file: string,
  position: number,
  write: (bytes: Uint8Array) => void,
): Promise<number> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return 0;
  let copied = 0;
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position + copied);
      if (bytesRead === 0) return copied;
      write(Buffer.from(buffer.subarray(0, bytesRead)));
      copied += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
