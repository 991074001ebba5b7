import { failure } from '../../../shared/failures.js';
import type { Commit, CommitIdentity } from '../../destination.js';
import type { CommitLog, LogEntry } from './commit-log.js';
import { plainName, type TableName } from '../table/table-name.js';

/** @throws `VersionTaken` unless the table is at `baseVersion` */
export function assertAtBase(
  table: TableName,
  { version, entries }: CommitLog,
  identity: CommitIdentity,
): void {
  if (version === identity.baseVersion) return;
  const [last] = entries;
  const by = last ? ` (${last.kind} of run ${last.runKey})` : '';
  throw taken(table, identity, `it is at version ${version}${by}`);
}

/** The failure of a publish that came too late. */
export function taken(table: TableName, { baseVersion, sink }: CommitIdentity, why: string): Error {
  return failure(
    'VersionTaken',
    `${plainName(table)}: ${why}; this publish builds on version ${baseVersion}: nothing was written`,
    { step: sink },
  );
}

/** A commit as its log tells it. */
export function commitOf({ version, rows, bytes }: LogEntry, adopted: boolean): Commit {
  return { version, rows, bytes, adopted };
}
