import { createHash } from 'node:crypto';
import { base32 } from '../shared/run-key.js';

/**
 * The short run key: 10 base32 characters of the sha256 of a workflow's first execution run id,
 * which stays the same through reset, retry and continue-as-new. Run ids themselves are ordered by
 * time, so that their first characters collide.
 */
export function runKeyOf(firstExecutionRunId: string): string {
  return base32(createHash('sha256').update(firstExecutionRunId).digest(), 10);
}

/** 16 hexadecimal characters that name a destination in a workflow id or a path. */
export function destinationHash(destination: string): string {
  return createHash('sha256').update(destination).digest('hex').slice(0, 16);
}
