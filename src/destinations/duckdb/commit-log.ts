import type { DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import type { Commit, CommitIdentity } from '../destination.js';
import { nameOf, rowsOf, type Target } from './table.js';

/** The commits of one table, kept beside it: the file is the authority, wherever it is moved. */
export interface CommitLog {
  /** 0 if there is none. */
  version(): Promise<number>;
  /** The last commit that this run made for this sink. */
  own(identity: CommitIdentity): Promise<OwnCommit | null>;
  /** @throws `VersionTaken` unless the table is at `baseVersion` */
  assertAtBase(identity: CommitIdentity): Promise<void>;
  /** Takes `baseVersion + 1`. */
  add(
    identity: CommitIdentity,
    entry: { kind: 'commit' | 'fence'; rows: number; bytes: number; manifestSha256: string | null },
  ): Promise<void>;
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
  await connection.run('CREATE SCHEMA IF NOT EXISTS _beamline');
  await connection.run(`CREATE TABLE IF NOT EXISTS _beamline.commits (
    "table" VARCHAR, version BIGINT, kind VARCHAR, run_key VARCHAR, sink VARCHAR,
    "rows" BIGINT, bytes BIGINT, manifest_sha256 VARCHAR, committed_at TIMESTAMPTZ,
    PRIMARY KEY ("table", version))`);
  // Two projects may name one file differently: the log knows a table by its name alone.
  const table = `${target.schema}.${target.table}`.toLowerCase();

  const version = async (): Promise<number> => {
    const [row] = await rowsOf(
      connection,
      'SELECT coalesce(max(version), 0) FROM _beamline.commits WHERE "table" = $table',
      { table },
    );
    return Number(row?.[0]);
  };
  return {
    version,
    async own({ runKey, sink }) {
      const [row] = await rowsOf(
        connection,
        `SELECT version, "rows", bytes, manifest_sha256 FROM _beamline.commits
         WHERE "table" = $table AND run_key = $runKey AND sink = $sink AND kind = 'commit'
         ORDER BY version DESC LIMIT 1`,
        { table, runKey, sink },
      );
      if (!row) return null;
      const [own, rows, bytes, manifestSha256] = row;
      return {
        commit: { version: Number(own), rows: Number(rows), bytes: Number(bytes) },
        manifestSha256: String(manifestSha256),
      };
    },
    async assertAtBase({ baseVersion, sink }) {
      const found = await version();
      if (found === baseVersion) return;
      const [row] = await rowsOf(
        connection,
        'SELECT kind, run_key FROM _beamline.commits WHERE "table" = $table AND version = $found',
        { table, found },
      );
      const by = row ? ` (${String(row[0])} of run ${String(row[1])})` : '';
      throw failure(
        'VersionTaken',
        `${nameOf(target)} is at version ${found}${by}, ` +
          `this publish builds on version ${baseVersion}: nothing was written`,
        { step: sink },
      );
    },
    async add({ baseVersion, runKey, sink }, { kind, rows, bytes, manifestSha256 }) {
      await connection.run(
        `INSERT INTO _beamline.commits VALUES
         ($table, $version, $kind, $runKey, $sink, $rows, $bytes, $manifestSha256, now())`,
        { table, version: baseVersion + 1, kind, runKey, sink, rows, bytes, manifestSha256 },
      );
    },
  };
}
