import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../shared/failures.js';
import { systemRefusalOf } from '../shared/system-errors.js';
import { parseGsUri } from '../store/gs-uri.js';
import { ObjectNotFound, PreconditionFailed } from '../store/object-store.js';

/** What went wrong with a request to Cloud Storage, by who must act. */
export type StorageTrouble = 'absent' | 'precondition' | 'passing' | 'disk' | 'refused' | 'aborted';

/**
 * Classifies an error of the client or of this machine's disk.
 *
 * Statuses: https://cloud.google.com/storage/docs/json_api/v1/status-codes; those that may be
 * tried again: https://cloud.google.com/storage/docs/retry-strategy.
 */
export function troubleOf(error: unknown): StorageTrouble {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === 'ABORT_ERR') return 'aborted';
  const status = Number(code);
  if (status === 412) return 'precondition';
  if (status === 404) return isBucketMissing(error) ? 'refused' : 'absent';
  if (status === 408 || status === 429 || status >= 500) return 'passing';
  if (status >= 400) return 'refused';
  if (isCredentialProblem(error)) return 'refused';
  const isOfDisk = systemRefusalOf(error) !== null || noPlaceCodes.has(String(code));
  return isOfDisk ? 'disk' : 'passing';
}

/** The error that the callers of an object store see. */
export function storageError(error: unknown, uri: string): Error {
  if (error instanceof ApplicationFailure) return error;
  const cause = messageOf(error);
  switch (troubleOf(error)) {
    case 'absent':
      return new ObjectNotFound(`there is no object ${uri}`, { cause: error });
    case 'precondition':
      return new PreconditionFailed(`${uri} was written by somebody else meanwhile`, {
        cause: error,
      });
    case 'passing':
      return failure('ConnectionLost', `Cloud Storage did not answer for ${uri}: ${cause}`, {
        cause,
      });
    case 'aborted':
      return error instanceof Error ? error : new Error(cause);
    case 'disk':
      return diskFailure(error, cause);
    case 'refused':
      return failure('ObjectStoreRefused', `${uri}: ${cause}. ${whatToDo(error, uri)}`, { cause });
  }
}

const noPlaceCodes = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function diskFailure(error: unknown, cause: string): ApplicationFailure {
  if (systemRefusalOf(error) === 'StorageFull') {
    return failure('StorageFull', `no space is left: ${cause}. Free some space and run again.`, {
      cause,
    });
  }
  return failure('PermissionDenied', `a local file cannot be used: ${cause}`, { cause });
}

function whatToDo(error: unknown, uri: string): string {
  const { bucket } = parseGsUri(uri);
  const status = Number((error as { code?: unknown }).code);
  if (isBucketMissing(error)) {
    return `There is no bucket \`${bucket}\`: create it, or correct \`store\` in beamline.yaml.`;
  }
  if (status === 401 || isCredentialProblem(error)) {
    return 'Log in with `gcloud auth application-default login`, or run as a service account.';
  }
  if (status === 403) {
    return `Give this account the role Storage Object User (roles/storage.objectUser) on the bucket \`${bucket}\`.`;
  }
  return `Cloud Storage does not accept the request for the bucket \`${bucket}\`.`;
}

function isBucketMissing(error: unknown): boolean {
  return (
    Number((error as { code?: unknown }).code) === 404 &&
    /bucket/i.test(messageOf(error)) &&
    !/no such object/i.test(messageOf(error))
  );
}

/** Words of google-auth-library, whose errors have no code of their own. */
function isCredentialProblem(error: unknown): boolean {
  return /default credentials|invalid_grant|invalid_rapt|refresh access token|or it is not a file/i.test(
    messageOf(error),
  );
}

/** One line, without a full stop. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').replace(/\.$/, '') || 'no reason given';
}
