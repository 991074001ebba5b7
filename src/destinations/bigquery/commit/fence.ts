import type { Commit, CommitIdentity } from '../../destination.js';
import { labelsOf, takeVersion } from './commit-job.js';
import {
  logParameters,
  logStatements,
  makeLog,
  readLog,
  type CommitLog,
  type LogEntry,
} from './commit-log.js';
import type { OpenTable } from '../table/open-table.js';
import { removeStaging } from './staging.js';
import { locationOf } from '../table/table.js';
import { commitOf } from './versions.js';

/**
 * Takes the version that a publisher of the run was to commit, unless it has; and removes what the
 * run staged.
 */
export async function fence(
  { service, table }: OpenTable,
  identity: CommitIdentity,
): Promise<Commit | null> {
  const location = await locationOf(service, table);
  const log = await readLog(service, table, location);
  const own = async (from: CommitLog): Promise<Commit | null> => {
    const entry = await from.own(identity);
    return entry && entry.version > identity.baseVersion ? commitOf(entry, true) : null;
  };
  const made = await own(log);
  if (made === null && log.version === identity.baseVersion) {
    const { assertAtBase: assertion, add } = logStatements(table);
    const entry = (jobId: string): LogEntry => ({
      version: identity.baseVersion + 1,
      kind: 'fence',
      runKey: identity.runKey,
      sink: identity.sink,
      rows: 0,
      bytes: 0,
      manifestSha256: null,
      cursors: log.entries[0]?.cursors ?? {},
      origin: null,
      jobId,
    });
    const logCreatedAt = await makeLog(service, table);
    const space = { table, logCreatedAt, location };
    const attempt = {
      labels: labelsOf('fence', identity),
      sql: `BEGIN TRANSACTION;\n${assertion};\n${add};\nCOMMIT TRANSACTION;\n`,
      parameters: (jobId: string) => logParameters(table, entry(jobId)),
    };
    await takeVersion(service, space, identity.baseVersion + 1, attempt).catch(
      async (error: unknown) => {
        // Somebody took it meanwhile: that is all a fence is for.
        const { version } = await readLog(service, table, location);
        if (version === identity.baseVersion) throw error;
      },
    );
  }
  const answer = made ?? (await own(await readLog(service, table, location)));
  await removeStaging(service, table, identity);
  return answer;
}
