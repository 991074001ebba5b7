import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Receipt } from '../../client/index.js';

/**
 * What became of what a run staged and did not publish: `none` if there was nothing of the kind. On
 * another host, or in a bucket, it is taken to be there as long as it is to be kept.
 */
export function fateOfLeft({
  left,
  store,
  finished_at,
}: Pick<Receipt, 'left' | 'store' | 'finished_at'>): 'none' | 'kept' | 'gone' {
  if (left === undefined) return 'none';
  const { manifestUri } = left.staged;
  if (manifestUri.startsWith('/') && store?.host === hostname()) {
    return existsSync(manifestUri) ? 'kept' : 'gone';
  }
  return Date.now() - Date.parse(finished_at) > keptForMs ? 'gone' : 'kept';
}

const keptForMs = 7 * 86_400_000;
