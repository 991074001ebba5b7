import { createHash } from 'node:crypto';
import { base32 } from '../../shared/run-key.js';

/**
 * Ten base32 characters that name this installation in the labels of its jobs: two in one project
 * never touch each other's.
 */
export function deploymentOf({
  deployment = '',
  project,
  namespace,
}: {
  deployment?: string | undefined;
  project: string;
  namespace: string;
}): string {
  const identity = JSON.stringify([deployment, project, namespace]);
  return base32(createHash('sha256').update(identity).digest(), 10);
}
