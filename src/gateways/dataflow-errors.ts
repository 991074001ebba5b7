import { DataflowRefused, DataflowUnavailable, JobNameTaken, JobNotFound } from './dataflow.js';

/** What was asked for: the same status means different things. */
export type Operation = 'launch' | 'job' | 'list';

/** Names of gRPC's status codes: https://grpc.io/docs/guides/status-codes/ */
const statusNames: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Statuses that pass by themselves, as far as anybody can tell. */
const passing = new Set([
  'CANCELLED',
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
]);

interface ServiceError {
  code?: number | string;
  details?: string;
  message?: string;
  /** Of a `google.rpc.ErrorInfo`, where the client library found one. */
  reason?: string;
}

/** An error of the client library as one of ours; one that is none of the service's stays as it is. */
export function dataflowErrorOf(error: unknown, operation: Operation): unknown {
  const { code, details, message = String(error), reason } = error as ServiceError;
  const cause = { cause: error };
  const text = details || message;
  if (/default credentials|invalid_grant|invalid_rapt|is not a file/i.test(text)) {
    return new DataflowRefused(text, 'UNAUTHENTICATED', cause);
  }
  // Fetching a token goes over HTTP: its errors have names, not numbers.
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) {
    return new DataflowUnavailable(text, cause);
  }
  if (typeof code !== 'number') return error;
  const status = statusNames[code] ?? httpStatus(code);
  if (operation === 'launch' && isNameTaken(status, text)) return new JobNameTaken(text, cause);
  if (operation === 'job' && status === 'NOT_FOUND') return new JobNotFound(text, cause);
  if (passing.has(status) || isQuota(reason, text)) {
    return new DataflowUnavailable(`${status}: ${text}`, cause);
  }
  return new DataflowRefused(text, status, cause);
}

/** Whether the error is a gRPC status, and not trouble with credentials before anything was asked. */
export function isAnswered(error: unknown): boolean {
  return typeof (error as ServiceError).code === 'number';
}

/** Tokens are fetched over HTTP, and what that answers comes through as if it were a gRPC status. */
function httpStatus(code: number): string {
  return code === 429 || code >= 500 ? 'UNAVAILABLE' : 'UNAUTHENTICATED';
}

function isNameTaken(status: string, text: string): boolean {
  return status === 'ALREADY_EXISTS' || /already an active job named/i.test(text);
}

/**
 * Quota errors come with PERMISSION_DENIED (403) and others as well as with RESOURCE_EXHAUSTED. A
 * missing "quota project" is none of them.
 */
function isQuota(reason: string | undefined, text: string): boolean {
  if (reason !== undefined && /^(rate_?limit|(resource_)?quota_?)_?exceeded/i.test(reason)) {
    return true;
  }
  return /quota (limit )?exceeded|exceeded (the |its |your )?(\S+ )?quota|quota exhausted|rate limit exceeded/i.test(
    text,
  );
}
