import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { faultPoint } from '../../process/fault-point.js';
import type { Commit, CommitIdentity, Publisher, PublishRequest } from '../destination.js';

interface Target {
  schema: string;
  table: string;
}

/** Opens the database file, waiting `waitMs` at most while another process has it open. */
export async function openDuckdb(
  database: string,
  target: Target,
  waitMs: number,
): Promise<Publisher> {
  await mkdir(dirname(database), { recursive: true }).catch((error: unknown) => {
    throw openFailure(error, database, waitMs);
  });
  const instance = await openWhenFree(database, waitMs);
  const connection = await instance.connect();
  await connection.run("SET memory_limit = '1GB'; SET preserve_insertion_order = false");
  return {
    inspect: async (destination) => {
      await ensureLog(connection);
      return currentVersion(connection, destination);
    },
    publish: (request) => inTransaction(connection, () => publish(connection, target, request)),
    fence: (identity) => inTransaction(connection, () => fence(connection, identity)),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function publish(
  connection: DuckDBConnection,
  target: Target,
  request: PublishRequest,
): Promise<Commit> {
  const mine = await ownCommit(connection, request);
  if (mine && (request.mode === 'append' || mine.manifestSha256 === request.manifestSha256)) {
    return { ...mine.commit, adopted: true };
  }
  await assertAtBase(connection, request);
  const rows = await write(connection, target, request);
  if (rows !== request.staged.rows) {
    throw failure(
      'AuditFailed',
      `${nameOf(target)}: the staged files hold ${rows} rows, their manifest says ${request.staged.rows}`,
      { step: request.sink },
    );
  }
  await log(connection, request, 'commit', rows, request.staged.bytes, request.manifestSha256);
  await faultPoint('publisher:before-commit');
  return { version: request.baseVersion + 1, rows, bytes: request.staged.bytes, adopted: false };
}

async function fence(
  connection: DuckDBConnection,
  identity: CommitIdentity,
): Promise<Commit | null> {
  const mine = await ownCommit(connection, identity);
  if (mine && mine.commit.version > identity.baseVersion) return { ...mine.commit, adopted: true };
  if ((await currentVersion(connection, identity.destination)) === identity.baseVersion) {
    await log(connection, identity, 'fence', 0, 0, null);
  }
  return null;
}

/** Writes the rows of the staged files to the table; returns how many. */
async function write(
  connection: DuckDBConnection,
  target: Target,
  request: PublishRequest,
): Promise<number> {
  const files = request.staged.files.map((file) => literal(file.uri)).join(', ');
  const staged = `SELECT * FROM read_parquet([${files}])`;
  const name = nameOf(target);
  const exists = await tableExists(connection, target);
  if (request.mode === 'replace' || !exists) {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`);
    await connection.run(`CREATE OR REPLACE TABLE ${name} AS ${staged}`);
    const [row] = await rowsOf(connection, `SELECT count(*) FROM ${name}`);
    return Number(row?.[0]);
  }
  await assertSameColumns(connection, target, request);
  const result = await connection.run(`INSERT INTO ${name} BY NAME ${staged}`);
  return result.rowsChanged;
}

/** An append fills exactly the columns that the table has. */
async function assertSameColumns(
  connection: DuckDBConnection,
  target: Target,
  request: PublishRequest,
): Promise<void> {
  const existing = (
    await rowsOf(
      connection,
      `SELECT column_name FROM duckdb_columns() WHERE lower(schema_name) = ${literal(target.schema)}
       AND lower(table_name) = ${literal(target.table)} AND database_name = current_database()`,
    )
  ).map((row) => String(row[0]));
  const staged = request.staged.schema.map((column) => column.name);
  const has = (names: string[], wanted: string) =>
    names.some((name) => name.toLowerCase() === wanted.toLowerCase());
  const added = staged.filter((name) => !has(existing, name));
  const missing = existing.filter((name) => !has(staged, name));
  if (added.length + missing.length === 0) return;
  const parts = [
    added.length > 0 ? `the table has no column ${added.map(quoted).join(', ')}` : '',
    missing.length > 0 ? `the run brings no column ${missing.map(quoted).join(', ')}` : '',
  ].filter((part) => part !== '');
  throw failure(
    'DataError',
    `${nameOf(target)} cannot be appended to: ${parts.join('; ')}. Nothing was written. ` +
      'Rename or select the columns in a transform, or use `mode: replace`.',
    { step: request.sink },
  );
}

async function ensureLog(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS _beamline');
  await connection.run(`CREATE TABLE IF NOT EXISTS _beamline.commits (
    destination VARCHAR, version BIGINT, kind VARCHAR, run_key VARCHAR, sink VARCHAR,
    "rows" BIGINT, bytes BIGINT, manifest_sha256 VARCHAR, committed_at TIMESTAMPTZ,
    PRIMARY KEY (destination, version))`);
}

async function currentVersion(connection: DuckDBConnection, destination: string): Promise<number> {
  const [row] = await rowsOf(
    connection,
    'SELECT coalesce(max(version), 0) FROM _beamline.commits WHERE destination = $destination',
    { destination },
  );
  return Number(row?.[0]);
}

async function ownCommit(
  connection: DuckDBConnection,
  { destination, runKey, sink }: CommitIdentity,
): Promise<{ commit: Omit<Commit, 'adopted'>; manifestSha256: string } | null> {
  const [row] = await rowsOf(
    connection,
    `SELECT version, "rows", bytes, manifest_sha256 FROM _beamline.commits
     WHERE destination = $destination AND run_key = $runKey AND sink = $sink AND kind = 'commit'
     ORDER BY version DESC LIMIT 1`,
    { destination, runKey, sink },
  );
  if (!row) return null;
  const [version, rows, bytes, manifestSha256] = row;
  return {
    commit: { version: Number(version), rows: Number(rows), bytes: Number(bytes) },
    manifestSha256: String(manifestSha256),
  };
}

async function assertAtBase(
  connection: DuckDBConnection,
  { destination, baseVersion, sink }: CommitIdentity,
): Promise<void> {
  const version = await currentVersion(connection, destination);
  if (version === baseVersion) return;
  const [row] = await rowsOf(
    connection,
    'SELECT kind, run_key FROM _beamline.commits WHERE destination = $destination AND version = $version',
    { destination, version },
  );
  throw failure(
    'VersionTaken',
    `${destination} is at version ${version} (${String(row?.[0])} of run ${String(row?.[1])}), ` +
      `this publish builds on version ${baseVersion}: nothing was written`,
    { step: sink },
  );
}

async function log(
  connection: DuckDBConnection,
  { destination, baseVersion, runKey, sink }: CommitIdentity,
  kind: 'commit' | 'fence',
  rows: number,
  bytes: number,
  manifestSha256: string | null,
): Promise<void> {
  await connection.run(
    `INSERT INTO _beamline.commits VALUES
     ($destination, $version, $kind, $runKey, $sink, $rows, $bytes, $manifestSha256, now())`,
    { destination, version: baseVersion + 1, kind, runKey, sink, rows, bytes, manifestSha256 },
  );
}

async function inTransaction<T>(
  connection: DuckDBConnection,
  body: () => Promise<T>,
): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await ensureLog(connection);
    const result = await body();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function openWhenFree(database: string, waitMs: number): Promise<DuckDBInstance> {
  const deadline = Date.now() + waitMs;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    try {
      return await DuckDBInstance.create(database);
    } catch (error) {
      if (!isLocked(error) || Date.now() + pause > deadline) {
        throw openFailure(error, database, waitMs);
      }
    }
    await sleep(pause);
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /Could not set lock|Conflicting lock/.test(error.message);
}

function openFailure(error: unknown, database: string, waitMs: number): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (isLocked(error)) {
    const holder = /PID (\d+)/.exec(message)?.[1];
    const who = holder ? `process ${holder}` : 'another process';
    return failure(
      'DestinationBusy',
      `${database} is locked by ${who}: waited ${waitMs / 1000} s (\`destination_wait\`). ` +
        'Nothing was published. Close it there and run again.',
      { cause: message },
    );
  }
  if (/permission denied|EACCES|EROFS|Read-only/i.test(message)) {
    return failure(
      'PermissionDenied',
      `${database} may not be opened for writing: nothing was published`,
      { cause: message },
    );
  }
  return failure('InternalError', `${database} cannot be opened: ${message}`, { cause: message });
}

async function tableExists(connection: DuckDBConnection, target: Target): Promise<boolean> {
  const rows = await rowsOf(
    connection,
    `SELECT 1 FROM duckdb_tables() WHERE lower(schema_name) = ${literal(target.schema)}
     AND lower(table_name) = ${literal(target.table)} AND database_name = current_database()`,
  );
  return rows.length > 0;
}

async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values?: Record<string, string | number>,
): Promise<unknown[][]> {
  const result = values
    ? await connection.runAndReadAll(sql, values)
    : await connection.runAndReadAll(sql);
  return result.getRows();
}

function nameOf({ schema, table }: Target): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoted(name: string): string {
  return `\`${name}\``;
}
