import { chmod, constants, copyFile, link, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { publishedMode } from '../../process/private-state.js';
import { failure } from '../../shared/failures.js';
import { assertTakes, broughtBy } from '../column-problems.js';
import type { PublishRequest } from '../destination.js';
import { openInMemory } from '../in-memory.js';
import { columnProblems } from './column-problems.js';
import { encode } from './encode.js';
import type { Folder } from './folder.js';
import type { FilesParameters } from './parameters.js';
import type { DataRecord, Layout, RecordedFile } from './records.js';
import { syncPath } from './sync.js';
import { counted, number } from '../../shared/counts.js';

export interface VersionToWrite {
  folder: Folder;
  parameters: FilesParameters;
  layout: Layout;
  request: PublishRequest;
  /** Name that the version's folder will have. */
  name: string;
  /** Private folder to write to. */
  data: string;
  /** The version that is appended to; its files are part of the new one. */
  base: DataRecord | undefined;
}

/** Writes every file of a version to its private folder, safe from a power cut. */
export async function writeVersion(
  version: VersionToWrite,
): Promise<{ files: RecordedFile[]; bytes: number }> {
  const { folder, data, base, name, request, parameters } = version;
  assertTakes(columnProblems(parameters, broughtBy(request)), request.sink);
  await mkdir(data);
  const before = base ? await linkBase(folder, base, data, request.sink) : [];
  // Rows of no file would change nothing, but the first version must show its columns.
  const added = base && request.staged.rows === 0 ? [] : await writeNew(version);
  for (const { path } of added) await syncPath(join(data, path));
  for (const path of await foldersIn(data)) await syncPath(path);
  return {
    files: [...before, ...added].map((file) => ({ ...file, path: `${name}/${file.path}` })),
    bytes: added.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The files that this publish adds; paths are relative to the private folder. */
async function writeNew(version: VersionToWrite): Promise<RecordedFile[]> {
  const { data, request, layout, parameters } = version;
  const prefix = `part-v${request.baseVersion + 1}`;
  if (layout.format === 'parquet' && layout.partition_by.length === 0) {
    const codec = codecs[parameters.compression ?? 'zstd'];
    if (await isStagedAs(request, codec)) return linkStaged(request, data, prefix);
  }
  const encoder = await openInMemory(join(dirname(data), 'spill'));
  try {
    return await encode(encoder, { parameters, layout, request, data, prefix });
  } finally {
    encoder.close();
  }
}

const codecs = { zstd: 'ZSTD', snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' };

/** Whether the staged files are already as they shall be; checks their rows on the way. */
async function isStagedAs({ staged, sink }: PublishRequest, codec: string): Promise<boolean> {
  let same = true;
  for (const { uri, rows } of staged.files) {
    const footer = await parquetMetadataAsync(await asyncBufferFromFile(uri));
    if (Number(footer.num_rows) !== rows) {
      throw failure(
        'StagingDamaged',
        `${sink}: ${uri} holds ${counted(Number(footer.num_rows), 'row')}, its manifest says ${number(rows)}`,
        { step: sink },
      );
    }
    const columns = footer.row_groups.flatMap((group) => group.columns);
    same &&= columns.every(({ meta_data }) => meta_data?.codec === codec);
  }
  return same;
}

/** The bytes are already right: a second name for each staged file costs nothing. */
async function linkStaged(
  { staged }: PublishRequest,
  data: string,
  prefix: string,
): Promise<RecordedFile[]> {
  const files: RecordedFile[] = [];
  for (const [index, { uri, rows }] of staged.files.entries()) {
    const path = `${prefix}-${String(index).padStart(5, '0')}.parquet`;
    await linkOrCopy(uri, join(data, path));
    // What is staged is closed to others; what is published is as open as any file of the user.
    await chmod(join(data, path), publishedMode());
    const { size } = await stat(join(data, path));
    files.push({ path, rows, bytes: size });
  }
  return files;
}

/** An append shows the files of the version before it beside the new ones, at once. */
async function linkBase(
  folder: Folder,
  base: DataRecord,
  data: string,
  step: string,
): Promise<RecordedFile[]> {
  const files = base.files.map((file) => ({ ...file, path: relative(base.folder, file.path) }));
  for (const { path } of files) {
    await mkdir(dirname(join(data, path)), { recursive: true });
    const from = join(folder.root, base.folder, path);
    await linkOrCopy(from, join(data, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw failure(
        'DataError',
        `${from} is missing: version ${base.version} cannot be appended to. Nothing was written. ` +
          'Restore the file, or use `mode: replace`.',
        { step },
      );
    });
  }
  return files;
}

/** Another disk, too many links, or no links at all: then the bytes are copied. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code))
      throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

async function foldersIn(data: string): Promise<string[]> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const inside = entries.filter((entry) => entry.isDirectory());
  return [data, ...inside.map((entry) => join(entry.parentPath, entry.name))];
}
