import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import type { LoggedCursors, RecordedCursors } from '../cursors.js';
import { lastOf, type LoggedOrigin, type NewestCommit } from '../commit-order.js';
import type { Commit, CommitIdentity, Position, SinkMode } from '../destination.js';
import { nameOf, rowsOf, type Target } from './columns.js';

/** The commits of one table, kept beside it: the file is the authority, wherever it is moved. */
export interface CommitLog {
  /** 0 if there is none. */
  version(): Promise<number>;
  /** The last commit that this run made for this sink. */
  own(identity: Pick<CommitIdentity, 'runKey' | 'sink'>): Promise<OwnCommit | null>;
  /** The newest commit of any run; null if there is none. */
  newest(): Promise<NewestCommit | null>;
  /** @throws `VersionTaken` unless the table is at `baseVersion` */
  assertAtBase(identity: CommitIdentity): Promise<void>;
  /** Of each source what the newest commit that has it recorded, of those since the last `replace`. */
  cursors(): Promise<LoggedCursors>;
  history(): Promise<Pick<Position, 'last' | 'commits'>>;
  /** Takes `baseVersion + 1` with data. */
  addCommit(identity: CommitIdentity, entry: CommitEntry): Promise<void>;
  /** Takes `baseVersion + 1` without data. */
  addFence(identity: CommitIdentity): Promise<void>;
}

export interface CommitEntry {
  rows: number;
  bytes: number;
  /** See `Commit`. */
  replaced?: number;
  manifestSha256: string;
  mode: SinkMode;
  cursors: RecordedCursors;
  origin: LoggedOrigin;
}

interface OwnCommit {
  commit: Omit<Commit, 'adopted'>;
  manifestSha256: string;
}

/** Opens the log in `_beamline.commits`, making it at first use. */
export async function openCommitLog(
  connection: DuckDBConnection,
  target: Target,
): Promise<CommitLog> {
  await makeLog(connection);
  // Two projects may name one file differently: the log knows a table by its name alone.
  const table = `${target.schema}.${target.table}`.toLowerCase();
  const ask = (sql: string, values: Record<string, string | number> = {}) =>
    rowsOf(connection, sql, { table, ...values });

  const version = async (): Promise<number> => {
    const [row] = await ask(
      'SELECT coalesce(max(version), 0) FROM _beamline.commits WHERE "table" = $table',
    );
    return Number(row?.[0]);
  };
  return {
    version,
    async own({ runKey, sink }) {
      const [row] = await ask(
        `SELECT version, "rows", bytes, manifest_sha256, replaced FROM _beamline.commits
         WHERE "table" = $table AND run_key = $runKey AND sink = $sink AND kind = 'commit'
         ORDER BY version DESC LIMIT 1`,
        { runKey, sink },
      );
      if (!row) return null;
      const [own, rows, bytes, manifestSha256, replaced] = row;
      return {
        commit: {
          version: Number(own),
          rows: Number(rows),
          bytes: Number(bytes),
          ...(replaced === null ? {} : { replaced: Number(replaced) }),
        },
        manifestSha256: String(manifestSha256),
      };
    },
    async newest() {
      const [row] = await ask(
        `SELECT run_key, origin, mode, strftime(committed_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')
         FROM _beamline.commits WHERE "table" = $table AND kind = 'commit' ORDER BY version DESC LIMIT 1`,
      );
      if (!row) return null;
      const [runKey, origin, mode, committedAt] = row;
      return {
        runKey: String(runKey),
        origin: typeof origin === 'string' ? (JSON.parse(origin) as LoggedOrigin) : null,
        mode: mode as SinkMode | null,
        committedAt: String(committedAt),
      };
    },
    async assertAtBase({ baseVersion, sink }) {
      const found = await version();
      if (found === baseVersion) return;
      const [row] = await ask(
        'SELECT kind, run_key FROM _beamline.commits WHERE "table" = $table AND version = $found',
        { found },
      );
      const by = row ? ` (${String(row[0])} of run ${String(row[1])})` : '';
      throw failure(
        'VersionTaken',
        `${nameOf(target)} is at version ${found}${by}, ` +
          `this publish builds on version ${baseVersion}: nothing was written`,
        { step: sink },
      );
    },
    async cursors() {
      // Of the commits that bring the same sources only the newest says anything: there may be very many.
      const rows = await ask(
        `SELECT arg_max(run_key, version), arg_max(windows, version) FROM _beamline.commits
         WHERE "table" = $table AND windows <> '{}' AND version >= (
           SELECT coalesce(max(version), 0) FROM _beamline.commits
           WHERE "table" = $table AND kind = 'commit' AND mode = 'replace')
         GROUP BY json_keys(windows) ORDER BY max(version)`,
      );
      const found: LoggedCursors = {};
      for (const [runKey, windows] of rows) {
        const recorded = JSON.parse(String(windows)) as RecordedCursors;
        for (const [key, cursor] of Object.entries(recorded)) {
          found[key] = { ...cursor, runKey: String(runKey) };
        }
      }
      return found;
    },
    async history() {
      const rows = await ask(
        `SELECT run_key, sink, origin FROM _beamline.commits
         WHERE "table" = $table AND kind = 'commit' ORDER BY version DESC LIMIT 100`,
      );
      const commits = rows.map(([runKey, sink]) => ({
        runKey: String(runKey),
        sink: String(sink),
      }));
      const [newest] = commits;
      const origin = rows[0]?.[2];
      const last =
        newest !== undefined && typeof origin === 'string'
          ? lastOf({ ...(JSON.parse(origin) as LoggedOrigin), ...newest })
          : null;
      return { last, commits };
    },
    async addCommit({ baseVersion, runKey, sink }, { cursors, origin, replaced, ...entry }) {
      await connection.run(
        `INSERT INTO _beamline.commits BY NAME SELECT $table AS "table", $version AS version,
           'commit' AS kind, $runKey AS run_key, $sink AS sink, $rows AS "rows", $bytes AS bytes,
           $manifestSha256 AS manifest_sha256, now() AS committed_at, $mode AS mode,
           $windows AS windows, $origin AS origin, $replaced::BIGINT AS replaced`,
        {
          table,
          version: baseVersion + 1,
          runKey,
          sink,
          ...entry,
          replaced: replaced ?? null,
          windows: JSON.stringify(cursors),
          origin: JSON.stringify(origin),
        },
      );
    },
    async addFence({ baseVersion, runKey, sink }) {
      await connection.run(
        `INSERT INTO _beamline.commits BY NAME SELECT $table AS "table", $version AS version,
           'fence' AS kind, $runKey AS run_key, $sink AS sink, 0 AS "rows", 0 AS bytes,
           now() AS committed_at`,
        { table, version: baseVersion + 1, runKey, sink },
      );
    },
  };
}

async function makeLog(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS _beamline');
  await connection.run(`CREATE TABLE IF NOT EXISTS _beamline.commits (
    "table" VARCHAR, version BIGINT, kind VARCHAR, run_key VARCHAR, sink VARCHAR,
    "rows" BIGINT, bytes BIGINT, manifest_sha256 VARCHAR, committed_at TIMESTAMPTZ,
    mode VARCHAR, windows VARCHAR, origin VARCHAR, replaced BIGINT,
    PRIMARY KEY ("table", version))`);
  // A log of before there were such columns: its commits say nothing of them.
  for (const column of ['mode VARCHAR', 'windows VARCHAR', 'origin VARCHAR', 'replaced BIGINT']) {
    await connection.run(`ALTER TABLE _beamline.commits ADD COLUMN IF NOT EXISTS ${column}`);
  }
}
