import { ApplicationFailure } from '@temporalio/common';
import type { BigQueryService } from '../../gateways/bigquery-service.js';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import { compareCursors } from '../../shared/window.js';
import type { Commit, CommitIdentity, Publisher, PublishRequest } from '../destination.js';
import { labelsOf, takeVersion } from './commit-job.js';
import {
  logParameters,
  logStatements,
  makeLog,
  readLog,
  type CommitLog,
  type LogEntry,
} from './commit-log.js';
import type { BigqueryParameters } from './parameters.js';
import { greatestOf, positionIn } from './position.js';
import { prepare, type Prepared } from './prepare.js';
import { serviceFailure } from './service-failure.js';
import { removeStaging } from './staging.js';
import { commitScript, windowParameters } from './statements.js';
import { findTable } from './table.js';
import { plainName, type TableName } from './table-name.js';

/** A table that is open, and where its dataset is. */
export interface OpenTable {
  service: BigQueryService;
  table: TableName;
  parameters: BigqueryParameters;
}

/** Opens a table of BigQuery; nothing is locked by it. */
export function openTable(
  service: BigQueryService,
  table: TableName,
  parameters: BigqueryParameters,
): Publisher {
  const open: OpenTable = { service, table, parameters };
  const attempt = async <T>(body: () => Promise<T>, step?: string): Promise<T> => {
    try {
      return await body();
    } catch (error) {
      throw serviceFailure(error, plainName(table), step);
    }
  };
  return {
    inspect: () =>
      attempt(async () => {
        const { location } = await findTable(service, table, parameters);
        return (await readLog(service, table, location)).version;
      }),
    position: ({ keys, column }) =>
      attempt(async () => {
        const { location, resource } = await findTable(service, table, parameters);
        const log = await readLog(service, table, location);
        const max =
          column === null || resource === null
            ? null
            : await greatestOf(service, location, table, resource, column);
        return { ...positionIn(log, keys), max };
      }),
    publish: (request) => attempt(() => publish(open, request), request.sink),
    fence: (identity) => attempt(() => fence(open, identity), identity.sink),
    close: async () => undefined,
  };
}

async function publish(open: OpenTable, request: PublishRequest): Promise<Commit> {
  const { service, table, parameters } = open;
  const { location, resource } = await findTable(service, table, parameters);
  const log = await readLog(service, table, location);
  const mine = await log.own(request);
  if (mine && (request.mode !== 'replace' || mine.manifestSha256 === request.manifestSha256)) {
    await removeStaging(service, table, request);
    return commitOf(mine, true);
  }
  assertAtBase(table, log, request);
  assertNotCommitted(table, log, request);
  try {
    const prepared = await prepare(open, location, resource, request);
    const commit = await commitRows(open, location, log, prepared, request);
    await faultPoint('publisher:bigquery:committed');
    await removeStaging(service, table, request);
    return commit;
  } catch (error) {
    // A job of ours may have committed all the same: the log knows.
    const now = await readLog(service, table, location).catch(() => log);
    const made = now.version === log.version ? null : await now.own(request);
    const isOver = now.version !== log.version || !isPassing(serviceFailure(error, plainName(table)));
    if (isOver) await removeStaging(service, table, request).catch(() => undefined);
    if (made && made.version > request.baseVersion) return commitOf(made, true);
    // Whoever took the version also removed our staging: that is why, whatever broke.
    assertAtBase(table, now, request);
    throw error;
  }
}

async function commitRows(
  { service, table }: OpenTable,
  location: string,
  log: CommitLog,
  { staging, columns, resource }: Prepared,
  request: PublishRequest,
): Promise<Commit> {
  const logCreatedAt = await makeLog(service, table);
  // The job of the version before may still be removing columns, after its commit.
  const before = log.entries[0]?.jobId;
  if (before) await service.finishedJob({ jobId: before, location });
  const entry = (jobId: string): LogEntry => ({
    version: request.baseVersion + 1,
    kind: 'commit',
    runKey: request.runKey,
    sink: request.sink,
    rows: request.staged.rows,
    bytes: request.staged.bytes,
    manifestSha256: request.manifestSha256,
    cursors: cursorsAfter(log, request),
    origin: request.origin,
    jobId,
  });
  await faultPoint('publisher:before-commit');
  const outcome = await takeVersion(
    service,
    { table, logCreatedAt, location },
    request.baseVersion + 1,
    {
      labels: labelsOf('commit', request, request.manifestSha256),
      sql: commitScript({ table, resource, staging, columns, request }),
      parameters: (jobId) => [
        ...logParameters(table, entry(jobId)),
        ...windowParameters(request.merge?.window),
      ],
    },
  );
  if (outcome.by === 'us') return commitOf(entry(''), outcome.adopted);
  assertAtBase(table, await readLog(service, table, location), request);
  throw taken(table, request, 'its next version was taken by another job');
}

async function fence(open: OpenTable, identity: CommitIdentity): Promise<Commit | null> {
  const { service, table, parameters } = open;
  const { location } = await findTable(service, table, parameters);
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
    await takeVersion(service, { table, logCreatedAt, location }, identity.baseVersion + 1, {
      labels: labelsOf('fence', identity),
      sql: `BEGIN TRANSACTION;\n${assertion};\n${add};\nCOMMIT TRANSACTION;\n`,
      parameters: (jobId) => logParameters(table, entry(jobId)),
    });
  }
  const answer = made ?? (await own(await readLog(service, table, location)));
  await removeStaging(service, table, identity);
  return answer;
}

function assertAtBase(table: TableName, { version, entries }: CommitLog, identity: CommitIdentity): void {
  if (version === identity.baseVersion) return;
  const [last] = entries;
  const by = last ? ` (${last.kind} of run ${last.runKey})` : '';
  throw taken(table, identity, `it is at version ${version}${by}`);
}

function taken(table: TableName, { baseVersion, sink }: CommitIdentity, why: string): Error {
  return failure(
    'VersionTaken',
    `${plainName(table)}: ${why}; this publish builds on version ${baseVersion}: nothing was written`,
    { step: sink },
  );
}

/** Rows of a window that another run appended would be there twice. */
function assertNotCommitted(table: TableName, { entries }: CommitLog, request: PublishRequest): void {
  if (request.mode !== 'append' || request.again) return;
  for (const { key, column, type, low } of request.windows) {
    const recorded = entries[0]?.cursors[key];
    if (recorded === undefined || recorded.run_key === request.runKey) continue;
    if (recorded.column !== column || recorded.type !== type) continue;
    if (low !== null && compareCursors(type, recorded.next, low) <= 0) continue;
    throw failure(
      'WindowCommitted',
      `${plainName(table)} has the rows of \`${key}\` up to ${column} ${recorded.next} (run ${recorded.run_key}); ` +
        `this run's begin ${low === null ? 'before everything' : `at ${low}`}, and would be there twice. ` +
        'Nothing was written. To append them all the same, run it with `--again`.',
      { step: request.sink },
    );
  }
}

/** A replaced table has the rows of this commit only, and so its windows only. */
function cursorsAfter({ entries }: CommitLog, request: PublishRequest): LogEntry['cursors'] {
  const before = request.mode === 'replace' ? {} : (entries[0]?.cursors ?? {});
  const brought = request.windows.map(
    ({ key, column, type, next }) => [key, { column, type, next, run_key: request.runKey }] as const,
  );
  return { ...before, ...Object.fromEntries(brought) };
}

function isPassing(error: Error): boolean {
  return error instanceof ApplicationFailure && error.nonRetryable !== true;
}

function commitOf({ version, rows, bytes }: LogEntry, adopted: boolean): Commit {
  return { version, rows, bytes, adopted };
}
