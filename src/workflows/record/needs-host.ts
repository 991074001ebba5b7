import type { ReceiptStore } from '../../shared/run/receipt.js';
import type { PreparedRun } from '../contract/activities.js';

/**
 * Whether something of a run is left that only a worker of its store can do.
 * @param uploaded what its job reads is in the bucket
 */
export function needsHost(prepared: PreparedRun, uploaded: boolean): boolean {
  const isToUpload = prepared.uploads !== undefined && prepared.completes === undefined;
  return prepared.bucket === undefined || (isToUpload && !uploaded) || hasSinkOnHost(prepared);
}

/** Where the files of a run are, as its receipt says it. */
export function receiptStoreOf(prepared: PreparedRun): ReceiptStore {
  const { store, bucket, uploads } = prepared;
  const { id, host } = store;
  if (bucket === undefined || hasSinkOnHost(prepared)) return { id, host };
  return { id, host, bucket, ...(uploads === undefined ? {} : { uploads }) };
}

/** Whether it has a sink that only its own host reaches. */
export function hasSinkOnHost({ sinks }: PreparedRun): boolean {
  return sinks.some(({ address }) => address === undefined);
}
