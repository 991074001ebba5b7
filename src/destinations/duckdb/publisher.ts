import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { faultPoint } from '../../process/fault-point.js';
import type { Commit, CommitIdentity, Publisher, PublishRequest } from '../destination.js';
import { publishFailure } from '../publish-failure.js';
import { openCommitLog, type CommitLog } from './commit-log.js';
import { openDatabase } from './open.js';
import { nameOf, writeTable, type Target } from './table.js';

/** Opens the database file, waiting `waitMs` at most while another process has it open. */
export async function openDuckdb(
  database: string,
  target: Target,
  waitMs: number,
): Promise<Publisher> {
  const instance = await openDatabase(database, waitMs);
  const connection = await instance.connect();
  await connection.run("SET memory_limit = '1GB'; SET preserve_insertion_order = false");

  /** All or nothing, with the log that says so. */
  const inTransaction = async <T>(
    body: (log: CommitLog) => Promise<T>,
    step?: string,
  ): Promise<T> => {
    try {
      await connection.run('BEGIN TRANSACTION');
      const result = await body(await openCommitLog(connection, target));
      await connection.run('COMMIT');
      return result;
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => undefined);
      throw publishFailure(error, `${nameOf(target)} in ${database}`, step);
    }
  };
  return {
    inspect: () => inTransaction((log) => log.version()),
    position: async () => ({ empty: true, cursors: {}, max: null, last: null, commits: [] }),
    publish: (request) =>
      inTransaction((log) => publish(connection, log, target, request), request.sink),
    fence: (identity) => inTransaction((log) => fence(log, identity), identity.sink),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function publish(
  connection: DuckDBConnection,
  log: CommitLog,
  target: Target,
  request: PublishRequest,
): Promise<Commit> {
  const mine = await log.own(request);
  if (mine && (request.mode === 'append' || mine.manifestSha256 === request.manifestSha256)) {
    return { ...mine.commit, adopted: true };
  }
  await log.assertAtBase(request);
  const rows = await writeTable(connection, target, request);
  if (rows !== request.staged.rows) {
    throw failure(
      'AuditFailed',
      `${nameOf(target)}: the staged files hold ${rows} rows, their manifest says ${request.staged.rows}`,
      { step: request.sink },
    );
  }
  const { manifestSha256, staged } = request;
  await log.add(request, { kind: 'commit', rows, bytes: staged.bytes, manifestSha256 });
  await faultPoint('publisher:before-commit');
  return { version: request.baseVersion + 1, rows, bytes: staged.bytes, adopted: false };
}

async function fence(log: CommitLog, identity: CommitIdentity): Promise<Commit | null> {
  const mine = await log.own(identity);
  if (mine && mine.commit.version > identity.baseVersion) return { ...mine.commit, adopted: true };
  if ((await log.version()) === identity.baseVersion) {
    await log.add(identity, { kind: 'fence', rows: 0, bytes: 0, manifestSha256: null });
  }
  return null;
}
