import type { BigQueryService, TableField } from '../../../gateways/bigquery-service.js';
import { failure } from '../../../shared/failures.js';
import type { CommitIdentity, PublishRequest } from '../../destination.js';
import type { StagedColumn } from '../columns/staged-columns.js';
import { hashOf, labelsOf } from './commit-job.js';
import { plainName, type TableName } from '../table/table-name.js';
import { loadTypeOf } from '../columns/types.js';

/** A staging table that nobody removed goes by itself. A day. */
const expiresInMs = 86_400_000;
/** URIs that a load job may name: https://cloud.google.com/bigquery/quotas#load_jobs */
const urisPerJob = 10_000;
/** Load jobs for one table, those of earlier attempts among them. */
const mostTries = 10;

/** What one load job brings into one table. */
interface Unit {
  rows: number;
  source: { uris: string[] } | { file: string };
}

/**
 * Loads the staged files into tables of their own, beside the destination, and names them. Ids of
 * jobs and tables follow from the run and its manifest: an attempt takes over what an earlier one
 * loaded.
 */
export async function stageFiles(
  service: BigQueryService,
  table: TableName,
  location: string,
  request: PublishRequest,
  columns: readonly StagedColumn[],
): Promise<TableName[]> {
  const fields = columns.map(({ name, type }): TableField => ({
    name,
    type: loadTypeOf(type),
    mode: 'NULLABLE',
  }));
  const tables = stagingTables(table, request);
  for (const [index, unit] of unitsOf(request).entries()) {
    await loadOnce(service, tables[index] as TableName, location, request, fields, unit);
  }
  return tables;
}

/** The names of the tables that the staged files are loaded into. */
export function stagingTables(table: TableName, request: PublishRequest): TableName[] {
  const prefix = `${stagingPrefix(request)}${hashOf(request.manifestSha256).slice(0, 12)}`;
  return unitsOf(request).map((_, index) => ({ ...table, table: `${prefix}_${index}` }));
}

/** Removes every staging table of a run's sink, of whatever attempt. Twice does no harm. */
export async function removeStaging(
  service: BigQueryService,
  { dataset }: TableName,
  identity: Pick<CommitIdentity, 'runKey' | 'sink'>,
): Promise<void> {
  const prefix = stagingPrefix(identity);
  for await (const table of service.tableIds(dataset)) {
    if (table.startsWith(prefix)) await service.deleteTable({ dataset, table });
  }
}

function stagingPrefix({ runKey, sink }: Pick<CommitIdentity, 'runKey' | 'sink'>): string {
  return `_beamline_${runKey.replaceAll(/\W/g, '_')}_${hashOf(sink).slice(0, 12)}_`;
}

function unitsOf({ staged, stagedRemote }: PublishRequest): Unit[] {
  if (stagedRemote === null) {
    return staged.files.map(({ uri, rows }) => ({ rows, source: { file: uri } }));
  }
  const units: Unit[] = [];
  for (let start = 0; start < stagedRemote.files.length; start += urisPerJob) {
    const files = stagedRemote.files.slice(start, start + urisPerJob);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    units.push({ rows, source: { uris: files.map(({ uri }) => uri) } });
  }
  return units;
}

async function loadOnce(
  service: BigQueryService,
  table: TableName,
  location: string,
  request: PublishRequest,
  fields: TableField[],
  { rows, source }: Unit,
): Promise<void> {
  const labels = labelsOf('stage', request, request.manifestSha256);
  const load = { table, fields };
  for (let number = 0; number < mostTries; number++) {
    await service.createTable(table, { fields, labels, expiresInMs });
    if (rows === 0) return;
    const job = { jobId: `beamline_stage_${hashOf(plainName(table), number)}`, location };
    const isNew =
      'file' in source
        ? await service.loadFile(job, source.file, load)
        : await service.insertJob(job, { labels, work: { kind: 'load', load, uris: source.uris } });
    const finished = await service.finishedJob(job);
    if (finished === null) continue;
    if (finished.error !== null) {
      if (isNew && !finished.error.isPassing) throw finished.error;
      continue;
    }
    // What an earlier job loaded may have been removed meanwhile.
    if (isNew || (await service.table(table))?.rows === rows) return;
  }
  throw failure('ConnectionLost', `${table.table} could not be loaded in ${mostTries} tries`, {
    step: request.sink,
  });
}
