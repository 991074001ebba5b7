import { randomBytes } from 'node:crypto';
import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { failure } from '../../shared/failures.js';
import { manifestSink } from '../../shared/run/manifest.js';
import { readRegularText } from '../../store/read-regular.js';
import { commitOrigin, recordedCursor } from '../commit-origin.js';
import type { Folder } from './folder.js';
import { syncPath, writeSynced } from './sync.js';

/** A commit of some 100,000 files. */
const mostRecordBytes = 100_000_000;
/** What `link` fails with on a file system that has no hard links. */
const withoutLinks = ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'];

const count = z.int().nonnegative();

/** One file of a version, relative to the destination's folder; `rows` is null where nobody counted. */
const recordedFile = z.object({ path: z.string(), rows: count.nullable(), bytes: count });
export type RecordedFile = z.infer<typeof recordedFile>;

/** How the files are written: an append must write the same way. */
const layout = z.object({
  format: z.enum(['parquet', 'csv', 'jsonl']),
  partition_by: z.array(z.string()),
  csv: z.object({ delimiter: z.string(), header: z.boolean(), null_value: z.string() }).optional(),
  schema: manifestSink.shape.schema,
});
export type Layout = z.infer<typeof layout>;

const common = {
  version: z.int().positive(),
  run_key: z.string(),
  sink: z.string(),
  committed_at: z.string(),
};

/** `_beamline/<version>.json`: a commit with its data, or a fence that only takes the version. */
const commitRecord = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('commit'),
    mode: z.enum(['replace', 'append']),
    /** Rows and bytes that this commit wrote; `files` also lists those of earlier appends. */
    rows: count,
    bytes: count,
    manifest_sha256: z.string(),
    /** Folder that holds every file of this version. */
    folder: z.string(),
    layout,
    files: z.array(recordedFile),
    /** Where the next window of each source begins, by its key; missing in records of before there were windows. */
    windows: z.record(z.string(), recordedCursor).optional(),
    origin: commitOrigin.optional(),
  }),
  z.object({ ...common, kind: z.literal('fence') }),
]);
export type CommitRecord = z.infer<typeof commitRecord>;
export type DataRecord = Extract<CommitRecord, { kind: 'commit' }>;

/**
 * Every record, oldest first. None is ever removed: a publisher that slept through a hundred
 * versions must still find its own taken.
 */
export async function readRecords({ log }: Folder): Promise<CommitRecord[]> {
  const names = await readdir(log).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((version) => readRecord(log, version));
}

/** The newest record that has data. */
export function newestData(records: readonly CommitRecord[]): DataRecord | undefined {
  return records.findLast((record) => record.kind === 'commit');
}

/**
 * Creates the record whole, or finds the version taken: this is the commit.
 * @returns false if another record has the version
 */
export async function createRecord({ log }: Folder, record: CommitRecord): Promise<boolean> {
  const file = join(log, `${record.version}.json`);
  const temporary = join(log, `record-v${record.version}-${randomBytes(4).toString('hex')}`);
  try {
    await writeSynced(temporary, `${JSON.stringify(record, null, 1)}\n`);
    await link(temporary, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (withoutLinks.includes(code)) {
      throw failure(
        'ConfigError',
        `${log}: the file system has no hard links, which a commit needs. Nothing was written. ` +
          'Choose a `path` on another one.',
        { cause: String(error), step: record.sink },
      );
    }
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncPath(log);
  return true;
}

function readRecord(log: string, version: number): CommitRecord {
  const file = join(log, `${version}.json`);
  try {
    return commitRecord.parse(JSON.parse(readRegularText(file, mostRecordBytes)));
  } catch (error) {
    throw failure(
      'ResourceError',
      `${file} is not a commit that this version of Beamline can read. Nothing was written. ` +
        'Restore the file, or give the sink a new folder.',
      { cause: String(error) },
    );
  }
}
