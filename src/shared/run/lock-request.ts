import { isNamed, isText } from '../form.js';

/** Who asks for a destination. */
export interface LockRequest {
  workflowId: string;
  runKey: string;
}

/** Temporal's limit of a workflow id. */
const longestId = 1_000;
const longestRunKey = 63;

/** Who asks for a lock, or holds it, as far as that is a request at all: nothing else of it is kept. */
export function lockRequestOf(value: unknown): LockRequest | null {
  if (!isNamed(value)) return null;
  const { workflowId, runKey } = value;
  if (!isText(workflowId, longestId) || !isText(runKey, longestRunKey)) return null;
  return { workflowId, runKey };
}
