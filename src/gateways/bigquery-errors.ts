import { BigQueryError } from './bigquery-service.js';

/** An error of the client as ours. Reasons: https://cloud.google.com/bigquery/docs/error-messages */
export function bigQueryErrorOf(error: unknown): BigQueryError {
  const { code, errors, message } = (error ?? {}) as {
    code?: unknown;
    errors?: { reason?: string; message?: string }[];
    message?: string;
  };
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
