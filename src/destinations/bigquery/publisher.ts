import { ApplicationFailure } from '@temporalio/common';
import type {
  BigQueryService,
  JobReference,
  TableResource,
} from '../../gateways/bigquery-service.js';
import { faultPoint } from '../../process/fault-point.js';
import { lastReadAt, orderAfter, type CommitOrder } from '../commit-order.js';
import { assertWindowsAreNew, greatestValues } from '../cursors.js';
import type { Commit, Publisher, PublishRequest } from '../destination.js';
import { labelsOf, takeVersion } from './commit/commit-job.js';
import {
  logParameters,
  makeLog,
  readLog,
  type CommitLog,
  type LogEntry,
} from './commit/commit-log.js';
import { cursorsAfter, loggedIn } from './commit/cursors.js';
import { fence } from './commit/fence.js';
import type { OpenTable } from './table/open-table.js';
import type { BigqueryParameters } from './table/parameters.js';
import { greatestOf, positionIn } from './commit/position.js';
import { prepare, type Prepared } from './commit/prepare.js';
import { serviceFailure } from './table/service-failure.js';
import { removeStaging } from './commit/staging.js';
import { commitScript, windowParameters } from './commit/statements.js';
import { findTable, locationOf } from './table/table.js';
import { plainName, type TableName } from './table/table-name.js';
import { assertAtBase, commitOf, taken } from './commit/versions.js';

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
    inspect: (run) =>
      attempt(async () => {
        const location = await locationOf(service, table);
        await findTable(service, table, parameters);
        const log = await readLog(service, table, location);
        const own = await log.own(run);
        return {
          version: log.version,
          readAt: lastReadAt(await log.newest()),
          own: own && commitOf(own, true),
        };
      }),
    position: (sources) =>
      attempt(async () => {
        const location = await locationOf(service, table);
        const resource = await findTable(service, table, parameters);
        const log = await readLog(service, table, location);
        const known = positionIn(log);
        const greatest = await greatestValues(sources, known.cursors, async (column) =>
          resource === null ? null : greatestOf(service, location, table, resource, column),
        );
        return { ...known, empty: isEmpty(resource), greatest };
      }),
    publish: (request) => attempt(() => publish(open, request), request.sink),
    fence: (identity) => attempt(() => fence(open, identity), identity.sink),
    close: async () => undefined,
  };
}

async function publish(open: OpenTable, request: PublishRequest): Promise<Commit> {
  const { service, table, parameters } = open;
  const location = await locationOf(service, table);
  const log = await readLog(service, table, location);
  const mine = await log.own(request);
  if (mine && (request.mode !== 'replace' || mine.manifestSha256 === request.manifestSha256)) {
    await removeStaging(service, table, request);
    return told(service, { jobId: mine.jobId, location }, request, commitOf(mine, true));
  }
  assertAtBase(table, log, request);
  const order = orderAfter(request, await log.newest(), plainName(table));
  try {
    await assertWindowsAreNew(request, loggedIn(log), plainName(table), async () =>
      isEmpty(await service.table(table)),
    );
    // The job of the version before may still be removing columns, after its commit.
    const before = log.entries[0]?.jobId;
    if (before) await service.finishedJob({ jobId: before, location });
    const resource = await findTable(service, table, parameters);
    const prepared = await prepare(open, location, resource, request);
    const commit = await commitRows(open, location, { log, order }, prepared, request);
    await faultPoint('publisher:bigquery:committed');
    await removeStaging(service, table, request);
    return commit;
  } catch (error) {
    // A job of ours may have committed all the same: the log knows.
    const now = await readLog(service, table, location).catch(() => log);
    const made = now.version === log.version ? null : await now.own(request);
    const isOver =
      now.version !== log.version || !isPassing(serviceFailure(error, plainName(table)));
    if (isOver) await removeStaging(service, table, request).catch(() => undefined);
    if (made && made.version > request.baseVersion) {
      return told(service, { jobId: made.jobId, location }, request, commitOf(made, true));
    }
    // Whoever took the version also removed our staging: that is why, whatever broke.
    assertAtBase(table, now, request);
    throw error;
  }
}

async function commitRows(
  { service, table }: OpenTable,
  location: string,
  { log, order }: { log: CommitLog; order: CommitOrder },
  { staging, columns, resource }: Prepared,
  request: PublishRequest,
): Promise<Commit> {
  const logCreatedAt = await makeLog(service, table);
  const entry = (jobId: string): LogEntry => ({
    version: request.baseVersion + 1,
    kind: 'commit',
    runKey: request.runKey,
    sink: request.sink,
    rows: request.staged.rows,
    bytes: request.staged.bytes,
    manifestSha256: request.manifestSha256,
    cursors: cursorsAfter(log, request),
    origin: { ...request.origin, order },
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
  if (outcome.by === 'us') {
    return told(service, outcome.job, request, commitOf(entry(''), outcome.adopted));
  }
  assertAtBase(table, await readLog(service, table, location), request);
  throw taken(table, request, 'its next version was taken by another job');
}

/** The commit of a merge with the number of rows in whose place it put its own, if the service says it. */
async function told(
  service: BigQueryService,
  job: JobReference,
  { mode }: PublishRequest,
  commit: Commit,
): Promise<Commit> {
  const replaced = mode === 'merge' ? await service.replacedRows(job).catch(() => null) : null;
  return replaced === null ? commit : { ...commit, replaced };
}

/** Streamed rows that are not in the table yet do not count: no run of ours streams. */
function isEmpty(resource: TableResource | null): boolean {
  return resource === null || resource.rows === 0;
}

function isPassing(error: Error): boolean {
  return error instanceof ApplicationFailure && error.nonRetryable !== true;
}
