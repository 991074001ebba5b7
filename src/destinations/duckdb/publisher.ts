import type { DuckDBConnection } from '@duckdb/node-api';
import { faultPoint } from '../../process/fault-point.js';
import { lastReadAt, orderAfter } from '../commit-order.js';
import { assertWindowsAreNew, cursorsToRecord } from '../cursors.js';
import type {
  Commit,
  CommitIdentity,
  Publisher,
  PublishRequest,
  Standing,
} from '../destination.js';
import { publishFailure } from '../publish-failure.js';
import { openCommitLog, type CommitLog } from './commit-log.js';
import { openDatabase } from './open.js';
import { nameOf, type Target } from './columns.js';
import { isEmpty, positionOf } from './position.js';
import { writeTable } from './table.js';

/** Opens the database file, waiting `waitMs` at most while another process has it open. */
export async function openDuckdb(
  database: string,
  target: Target,
  waitMs: number,
): Promise<Publisher> {
  const instance = await openDatabase(database, waitMs);
  const connection = await instance.connect();
  return {
    ...(await publisherOn(connection, target, database)),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Publishes on a connection that the caller opens and closes. */
export async function publisherOn(
  connection: DuckDBConnection,
  target: Target,
  database: string,
): Promise<Omit<Publisher, 'close'>> {
  await connection.run(
    "SET memory_limit = '1GB'; SET preserve_insertion_order = false; SET TimeZone = 'UTC'",
  );

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
    inspect: (run) => inTransaction((log) => inspect(log, run)),
    position: (sources) => inTransaction((log) => positionOf(connection, target, log, sources)),
    publish: (request) =>
      inTransaction((log) => publish(connection, log, target, request), request.sink),
    fence: (identity) => inTransaction((log) => fence(log, identity), identity.sink),
  };
}

async function inspect(
  log: CommitLog,
  run: Pick<CommitIdentity, 'runKey' | 'sink'>,
): Promise<Standing> {
  const own = await log.own(run);
  return {
    version: await log.version(),
    readAt: lastReadAt(await log.newest()),
    own: own && { ...own.commit, adopted: true },
  };
}

async function publish(
  connection: DuckDBConnection,
  log: CommitLog,
  target: Target,
  request: PublishRequest,
): Promise<Commit> {
  const mine = await log.own(request);
  if (mine && (request.mode !== 'replace' || mine.manifestSha256 === request.manifestSha256)) {
    return { ...mine.commit, adopted: true };
  }
  await log.assertAtBase(request);
  const order = orderAfter(request, await log.newest(), nameOf(target));
  const logged = await log.cursors();
  await assertWindowsAreNew(request, logged, nameOf(target), () => isEmpty(connection, target));
  const written = await writeTable(connection, target, request);
  const { manifestSha256, mode, staged } = request;
  const origin = { ...request.origin, order };
  const cursors = cursorsToRecord(request, logged);
  const { bytes } = staged;
  await log.addCommit(request, { ...written, bytes, manifestSha256, mode, cursors, origin });
  await faultPoint('publisher:before-commit');
  return { version: request.baseVersion + 1, ...written, bytes, adopted: false };
}

async function fence(log: CommitLog, identity: CommitIdentity): Promise<Commit | null> {
  const mine = await log.own(identity);
  if (mine && mine.commit.version > identity.baseVersion) return { ...mine.commit, adopted: true };
  if ((await log.version()) === identity.baseVersion) {
    await log.addFence(identity);
  }
  return null;
}
