import { BigQueryError } from './bigquery-service.js';

/** Codes of this machine's disk: no trouble of the service. */
const diskCodes = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR']);

/** An error of the client as ours. Reasons: https://cloud.google.com/bigquery/docs/error-messages */
export function bigQueryErrorOf(error: unknown): Error {
  const { code, errors, message } = (error ?? {}) as {
    code?: unknown;
    errors?: { reason?: string; message?: string }[];
    message?: string;
  };
  if (error instanceof Error && typeof code === 'string' && diskCodes.has(code)) return error;
  const [first] = errors ?? [];
  const text = first?.message ?? message ?? String(error);
  const cause = { cause: error };
  if (/default credentials|invalid_grant|invalid_rapt|or it is not a file/i.test(text)) {
    return new BigQueryError(text, 'authError', 401, cause);
  }
  if (typeof code === 'number') {
    return new BigQueryError(text, first?.reason ?? reasonOf(code), code, cause);
  }
  const isNetwork = typeof code === 'string' || /socket|network|timeout|ECONN|fetch/i.test(text);
  return new BigQueryError(text, isNetwork ? 'connection' : 'unknown', null, cause);
}

function reasonOf(status: number): string {
  if (status === 401) return 'authError';
  if (status === 403) return 'accessDenied';
  if (status === 404) return 'notFound';
  if (status === 408 || status === 429) return 'rateLimitExceeded';
  return status >= 500 ? 'backendError' : 'invalid';
}
