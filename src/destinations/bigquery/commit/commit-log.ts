import { z } from 'zod';
import type {
  BigQueryService,
  QueryParameter,
  Row,
  TableField,
} from '../../../gateways/bigquery-service.js';
import { commitOrigin, recordedCursor } from '../../commit-origin.js';
import type { LoggedOrigin, NewestCommit } from '../../commit-order.js';
import type { CommitIdentity } from '../../destination.js';
import { sqlName, type TableName } from '../table/table-name.js';

/** The log of every table of a dataset, in the dataset. */
export const logTable = '_beamline_commits';

/** Where incremental reading of one source stands after a commit, and the run that brought it there. */
const loggedCursor = recordedCursor.extend({ run_key: z.string() });
export type LoggedCursor = z.infer<typeof loggedCursor>;

/** One row of the log. */
export interface LogEntry {
  version: number;
  kind: 'commit' | 'fence';
  runKey: string;
  sink: string;
  rows: number;
  bytes: number;
  manifestSha256: string | null;
  /** Of all sources up to this version, see `cursorKey`: the newest entry says where they stand. */
  cursors: Record<string, LoggedCursor>;
  origin: LoggedOrigin | null;
  /** The job that made it. */
  jobId: string;
  /** ISO 8601; of an entry that was read. */
  committedAt?: string;
}

/** How many entries are read; a run's own older commit is asked for. */
const newest = 100;

const columns: { name: string; type: string; description: string }[] = [
  { name: 'table_name', type: 'STRING', description: 'Table of this dataset.' },
  { name: 'version', type: 'INT64', description: 'Version of the table, from 1.' },
  { name: 'kind', type: 'STRING', description: '`commit`, or `fence`: a version without data.' },
  { name: 'run_key', type: 'STRING', description: 'Run that made it.' },
  { name: 'sink', type: 'STRING', description: 'Sink of the run.' },
  { name: 'rows', type: 'INT64', description: 'Rows that were staged.' },
  { name: 'bytes', type: 'INT64', description: 'Bytes that were staged.' },
  { name: 'manifest_sha256', type: 'STRING', description: 'Hash of what was staged.' },
  { name: 'cursors', type: 'STRING', description: 'JSON: where incremental reading stands.' },
  { name: 'origin', type: 'STRING', description: 'JSON: pipeline, plan and staging of the run.' },
  { name: 'job_id', type: 'STRING', description: 'Job that made it.' },
  { name: 'committed_at', type: 'TIMESTAMP', description: 'When.' },
];

const read =
  'version, kind, run_key, sink, `rows`, bytes, manifest_sha256, cursors, origin, job_id, ' +
  'UNIX_MICROS(committed_at) AS committed';

export interface CommitLog {
  /** Newest first; none if nobody ever published. */
  entries: LogEntry[];
  version: number;
  /** The last commit that this run made for this sink. */
  own(identity: Pick<CommitIdentity, 'runKey' | 'sink'>): Promise<LogEntry | null>;
  /** The newest commit of any run: there may be very many fences after it. */
  newest(): Promise<NewestCommit | null>;
}

/** Reads the log of a table, which need not be there. */
export async function readLog(
  service: BigQueryService,
  table: TableName,
  location: string,
): Promise<CommitLog> {
  const found = await service.table({ dataset: table.dataset, table: logTable });
  const select = (where: string, parameters: QueryParameter[], limit: number) =>
    service.query(
      location,
      `SELECT ${read} FROM ${logName(table)} WHERE table_name = @table ${where} ` +
        `ORDER BY version DESC LIMIT ${limit}`,
      [{ name: 'table', type: 'STRING', value: table.table }, ...parameters],
    );
  const entries = found === null ? [] : (await select('', [], newest)).map(entryOf);
  return {
    entries,
    version: entries[0]?.version ?? 0,
    async newest() {
      const recent = entries.find(({ kind }) => kind === 'commit');
      if (recent !== undefined || entries.length < newest) return newestCommit(recent);
      const [row] = await select("AND kind = 'commit'", [], 1);
      return newestCommit(row && entryOf(row));
    },
    async own({ runKey, sink }) {
      const isOwn = (entry: LogEntry) =>
        entry.kind === 'commit' && entry.runKey === runKey && entry.sink === sink;
      const recent = entries.find(isOwn);
      if (recent !== undefined || entries.length < newest) return recent ?? null;
      const parameters = [
        { name: 'run_key', type: 'STRING', value: runKey },
        { name: 'sink', type: 'STRING', value: sink },
      ];
      const where = "AND kind = 'commit' AND run_key = @run_key AND sink = @sink";
      const [row] = await select(where, parameters, 1);
      return row === undefined ? null : entryOf(row);
    },
  };
}

/** Makes the log at first use; says when it was made, in milliseconds since 1970. */
export async function makeLog(service: BigQueryService, { dataset }: TableName): Promise<string> {
  const reference = { dataset, table: logTable };
  const found = await service.table(reference);
  if (found !== null) return found.creationTime;
  const fields = columns.map((column): TableField => ({ ...column, mode: 'NULLABLE' }));
  await service.createTable(reference, {
    fields,
    clustering: ['table_name'],
    description: 'Versions that Beamline committed, of every table in this dataset. Do not edit.',
  });
  return (await service.table(reference))?.creationTime ?? '';
}

/** Statements that fail unless the table is at `@base`, and that take the next version. */
export function logStatements(table: TableName): { assertAtBase: string; add: string } {
  const log = logName(table);
  return {
    assertAtBase:
      `ASSERT (SELECT IFNULL(MAX(version), 0) FROM ${log} WHERE table_name = @table) = @base ` +
      `AS '${versionTaken}'`,
    add:
      `INSERT INTO ${log} (${columns.map(({ name }) => `\`${name}\``).join(', ')}) VALUES ` +
      '(@table, @base + 1, @kind, @run_key, @sink, @rows, @bytes, @manifest, @cursors, @origin, @job, ' +
      'CURRENT_TIMESTAMP())',
  };
}

/** What the assertion says if the version is taken. */
export const versionTaken = 'beamline: the version is taken';

/** The parameters of {@link logStatements}. */
export function logParameters(table: TableName, entry: LogEntry): QueryParameter[] {
  return [
    { name: 'table', type: 'STRING', value: table.table },
    { name: 'base', type: 'INT64', value: String(entry.version - 1) },
    { name: 'kind', type: 'STRING', value: entry.kind },
    { name: 'run_key', type: 'STRING', value: entry.runKey },
    { name: 'sink', type: 'STRING', value: entry.sink },
    { name: 'rows', type: 'INT64', value: String(entry.rows) },
    { name: 'bytes', type: 'INT64', value: String(entry.bytes) },
    { name: 'manifest', type: 'STRING', value: entry.manifestSha256 },
    { name: 'cursors', type: 'STRING', value: JSON.stringify(entry.cursors) },
    { name: 'origin', type: 'STRING', value: entry.origin && JSON.stringify(entry.origin) },
    { name: 'job', type: 'STRING', value: entry.jobId },
  ];
}

function logName({ project, dataset }: TableName): string {
  return sqlName({ project, dataset, table: logTable });
}

/** The log does not say in which mode a commit was made. */
function newestCommit(entry: LogEntry | undefined): NewestCommit | null {
  if (entry === undefined) return null;
  const { runKey, origin, committedAt = '' } = entry;
  return { runKey, origin, committedAt, mode: null };
}

function entryOf(row: Row): LogEntry {
  const [version, kind, runKey, sink, rows, bytes, manifest, cursors, origin, jobId, micros] = row;
  return {
    version: Number(version),
    kind: kind === 'fence' ? 'fence' : 'commit',
    runKey: runKey ?? '',
    sink: sink ?? '',
    rows: Number(rows),
    bytes: Number(bytes),
    manifestSha256: manifest ?? null,
    cursors: z.record(z.string(), loggedCursor).parse(JSON.parse(cursors ?? '{}')),
    origin: origin == null ? null : commitOrigin.parse(JSON.parse(origin)),
    jobId: jobId ?? '',
    committedAt: new Date(Math.floor(Number(micros) / 1000)).toISOString(),
  };
}
