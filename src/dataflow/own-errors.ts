import { failureTypes, isFailureType, type FailureType } from '../shared/failure-types.js';
import type { JobCause } from '../shared/run/job.js';

/** What an error of `beam_pipeline.errors` says of the cause. */
export interface OwnCause {
  cause: JobCause;
  retryHelps: boolean;
  next: string;
  inConfig?: true;
}

const byType: Partial<Record<FailureType, Omit<OwnCause, 'retryHelps'>>> = {
  AuthenticationError: {
    cause: 'database_login',
    next: 'correct the user, the password (or its secret) or the database name of the connection profile',
  },
  SqlError: { cause: 'user_sql', next: 'correct the SQL' },
  DataError: {
    cause: 'schema_mismatch',
    next: 'correct the data, or the config that expects another form',
    inConfig: true,
  },
  PermissionDenied: { cause: 'permission', next: 'give the permission that is missing' },
  StorageFull: {
    cause: 'quota',
    next: 'set a larger `diskSizeGb` in `launch`',
    inConfig: true,
  },
  ConnectionLost: {
    cause: 'network',
    next: 'check that the workers reach the server from their subnetwork (route, firewall, Cloud NAT, allowed addresses)',
  },
  ConfigError: {
    cause: 'launcher',
    next: 'correct the config or an argument',
    inConfig: true,
  },
  ResourceError: { cause: 'launcher', next: 'mend what is named' },
  ObjectStoreRefused: {
    cause: 'permission',
    next: 'give the worker service account access to the bucket',
  },
  RunEnded: { cause: 'launcher', next: 'nothing: the run had ended before its job started' },
};

/** The cause that a failure type of ours stands for; null for a type that is none, or says nothing. */
export function ownCauseOf(type: string): OwnCause | null {
  if (!isFailureType(type)) return null;
  const found = byType[type];
  return found === undefined ? null : { ...found, retryHelps: failureTypes[type].retryable };
}

/** The failure type in a Python class name, such as `beam_pipeline.errors.SqlError`. */
export function ownTypeOf(pythonType: string): FailureType | null {
  const name = /^(?:beam_pipeline\.)(?:errors\.)?(\w+)$/.exec(pythonType)?.[1];
  return isFailureType(name) ? name : null;
}
