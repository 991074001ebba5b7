import { execFileSync } from 'node:child_process';

/**
 * A command that runs another one bound by the rights of files: root is as well, without the
 * capability to pass over them.
 */
export function boundByRights(): string[] {
  if (process.getuid?.() !== 0) return [];
  return ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
}

/**
 * A command that runs another one with little space for what it writes to `folder`: a tmpfs of a
 * few hundred kB that only it sees; where that is not allowed, a limit on the size of its files.
 */
export function withLittleSpace(folder: string): string[] {
  const kilobytes = 600;
  const mount = `mount -t tmpfs -o size=${kilobytes}k tmpfs "$0"`;
  const namespace = ['unshare', '--user', '--map-root-user', '--mount'] as const;
  try {
    const [unshare, ...args] = [...namespace, 'sh', '-c', mount, folder];
    execFileSync(unshare, args, { stdio: 'ignore' });
    return [...namespace, 'sh', '-c', `${mount} && exec "$@"`, folder];
  } catch {
    const limit = `trap '' XFSZ; ulimit -f ${kilobytes / 0.5}; exec "$@"`;
    return ['sh', '-c', limit, folder];
  }
}
