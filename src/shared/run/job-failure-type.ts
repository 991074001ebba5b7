import type { FailureType } from '../failure-types.js';
import type { JobCause, JobFailure } from './job.js';

const byCause: Record<JobCause, FailureType> = {
  permission: 'PermissionDenied',
  image_pull: 'JobFailed',
  out_of_memory: 'JobFailed',
  quota: 'JobFailed',
  network: 'JobFailed',
  database_login: 'AuthenticationError',
  schema_mismatch: 'DataError',
  user_sql: 'SqlError',
  launcher: 'JobFailed',
  unknown: 'JobFailed',
};

/** The failure type of a run whose job failed. */
export function failureTypeOf({ cause }: Pick<JobFailure, 'cause'>): FailureType {
  return byCause[cause];
}
