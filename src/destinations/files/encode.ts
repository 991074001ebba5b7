import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { failure } from '../../shared/failures.js';
import { assertTakes } from '../column-problems.js';
import type { PublishRequest } from '../destination.js';
import type { InMemory } from '../in-memory.js';
import { changedByDuckdb, identifier, literal, readStaged } from '../staged-parquet.js';
import type { FilesParameters } from './parameters.js';
import { assertJsonDocuments } from './json-documents.js';
import type { Layout, RecordedFile } from './records.js';
import { projection } from './text-form.js';
import { counted, number } from '../../shared/counts.js';

/** What Hive calls the folder of the rows whose partition column is NULL. */
const nullPartition = '__HIVE_DEFAULT_PARTITION__';
/** A column of too many values would make that many folders and files. */
const mostPartitions = 10_000;

export interface ToEncode {
  parameters: FilesParameters;
  layout: Layout;
  request: PublishRequest;
  /** Folder to write to. */
  data: string;
  /** First part of each file's name. */
  prefix: string;
}

/** Writes the staged rows in the sink's own format; paths are relative to `data`. */
export async function encode(encoder: InMemory, wanted: ToEncode): Promise<RecordedFile[]> {
  const { layout, request } = wanted;
  assertTakes(changedByDuckdb(request.staged.schema), request.sink);
  const staged = readStaged(request.staged.files);
  await assertJsonDocuments(encoder.connection, layout, staged, request.sink);
  if (layout.partition_by.length === 0) return encodeEach(encoder, wanted);
  return encodePartitions(encoder, wanted);
}

/** One file for each staged one. */
async function encodeEach({ connection }: InMemory, wanted: ToEncode): Promise<RecordedFile[]> {
  const { request, data, prefix } = wanted;
  const files: RecordedFile[] = [];
  for (const [index, staged] of request.staged.files.entries()) {
    const path = `${prefix}-${String(index).padStart(5, '0')}.${extensionOf(wanted)}`;
    const rows = await copy(connection, wanted, readStaged([staged]), join(data, path));
    assertRows(request, rows, staged.rows);
    files.push({ path, rows, bytes: (await stat(join(data, path))).size });
  }
  return files;
}

async function encodePartitions(
  { connection }: InMemory,
  wanted: ToEncode,
): Promise<RecordedFile[]> {
  const { layout, request, data, prefix } = wanted;
  const staged = readStaged(request.staged.files);
  const partitions = await partitionsOf(connection, layout, staged, request.sink);
  if (partitions === 0) {
    const folder = join(data, ...layout.partition_by.map((name) => `${name}=${nullPartition}`));
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${prefix}-0.${extensionOf(wanted)}`);
    await copy(connection, wanted, staged, file, layout.partition_by);
  } else {
    const columns = layout.partition_by.map(identifier).join(', ');
    const rows = await copy(
      connection,
      wanted,
      staged,
      data,
      [],
      [
        `PARTITION_BY (${columns})`,
        `FILENAME_PATTERN ${literal(`${prefix}-{i}`)}`,
        `FILE_EXTENSION ${literal(extensionOf(wanted))}`,
        // The files of an appended version are already there.
        'OVERWRITE_OR_IGNORE true',
      ],
    );
    assertRows(request, rows, request.staged.rows);
  }
  const files = await writtenFiles(wanted);
  const folders = new Set(files.map(({ path }) => dirname(path)));
  if (folders.size !== Math.max(partitions, 1)) {
    throw failure(
      'DataError',
      `${request.sink}: ${partitions} partitions became ${folders.size} folders: two values have ` +
        'one name on this file system. Nothing was written. Make them differ in a transform.',
      { step: request.sink },
    );
  }
  return files;
}

/** Counts the partitions, and refuses values that would not come back as they are. */
async function partitionsOf(
  connection: DuckDBConnection,
  { partition_by, schema }: Layout,
  staged: string,
  step: string,
): Promise<number> {
  const columns = partition_by.map(identifier).join(', ');
  const texts = partition_by.filter((name) =>
    schema.some((column) => column.name === name && column.type.startsWith('string')),
  );
  const days = partition_by.filter((name) =>
    schema.some((column) => column.name === name && column.type.startsWith('date')),
  );
  const lossy = texts.map(
    (name) => `count(*) FILTER (${identifier(name)} = '' OR lower(${identifier(name)}) = 'null'
      OR ${identifier(name)} = ${literal(nullPartition)})`,
  );
  const beyond = days.map(
    (name) =>
      `count(*) FILTER (${identifier(name)} NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31')`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${['count(*)', ...lossy, ...beyond].join(', ')}
     FROM (SELECT DISTINCT ${columns} FROM ${staged} LIMIT ${mostPartitions + 1})`,
  );
  const [partitions = 0, ...counts] = (reader.getRows()[0] ?? []).map(Number);
  const wrong = texts.filter((_, index) => (counts[index] ?? 0) > 0);
  if (partitions > mostPartitions) {
    throw failure(
      'DataError',
      `${step}: \`partition_by\` ${partition_by.join(', ')} has more than ${number(mostPartitions)} values, ` +
        'one folder each. Nothing was written. Partition by a coarser column, such as a month.',
      { step },
    );
  }
  if (wrong.length > 0) {
    throw failure(
      'DataError',
      `${step}: column ${wrong.map((name) => `\`${name}\``).join(', ')} holds an empty text, ` +
        `\`NULL\` or \`${nullPartition}\`, which readers of partitions take for a NULL. ` +
        'Nothing was written. Replace it in a transform, as with nullif().',
      { step },
    );
  }
  const undated = days.filter((_, index) => (counts[texts.length + index] ?? 0) > 0);
  if (undated.length > 0) {
    throw failure(
      'DataError',
      `${step}: column ${undated.map((name) => `\`${name}\``).join(', ')} holds infinity or a day outside of ` +
        'the years 1 to 9999, which readers of partitions take for no date. Nothing was written. ' +
        'Replace it in a transform.',
      { step },
    );
  }
  return partitions;
}

/** Runs one COPY and returns its rows. */
async function copy(
  connection: DuckDBConnection,
  { parameters, layout }: ToEncode,
  staged: string,
  target: string,
  left: string[] = [],
  more: string[] = [],
): Promise<number> {
  const columns = await projection(connection, layout, staged, left);
  const options = [...formatOptions(parameters, layout), ...more].join(', ');
  const result = await connection.runAndReadAll(
    `COPY (SELECT ${columns} FROM ${staged}) TO ${literal(target)} (${options})`,
  );
  return Number(result.getRows()[0]?.[0]);
}

function formatOptions({ compression }: FilesParameters, { format, csv }: Layout): string[] {
  if (format === 'parquet') {
    const codec = compression === 'none' ? 'uncompressed' : (compression ?? 'zstd');
    return ['FORMAT parquet', `COMPRESSION ${codec}`];
  }
  const packed = `COMPRESSION ${compression ?? 'none'}`;
  // A line is one JSON document, quoted already.
  if (!csv) return ['FORMAT csv', 'HEADER false', "QUOTE ''", "ESCAPE ''", packed];
  return [
    'FORMAT csv',
    `HEADER ${csv.header}`,
    `DELIMITER ${literal(csv.delimiter)}`,
    `NULLSTR ${literal(csv.null_value)}`,
    packed,
  ];
}

function extensionOf({ layout, parameters }: ToEncode): string {
  const packed = layout.format !== 'parquet' && parameters.compression === 'gzip';
  return packed ? `${layout.format}.gz` : layout.format;
}

/** The files of this publish below `data`, with the rows where a footer tells them. */
async function writtenFiles({ data, prefix, layout }: ToEncode): Promise<RecordedFile[]> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const files: RecordedFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.startsWith(`${prefix}-`)) continue;
    const file = join(entry.parentPath, entry.name);
    const rows =
      layout.format === 'parquet'
        ? Number((await parquetMetadataAsync(await asyncBufferFromFile(file))).num_rows)
        : null;
    files.push({ path: relative(data, file), rows, bytes: (await stat(file)).size });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function assertRows({ sink }: PublishRequest, rows: number, expected: number): void {
  if (rows === expected) return;
  throw failure(
    'StagingDamaged',
    `${sink}: the staged files hold ${counted(rows, 'row')}, their manifest says ${number(expected)}`,
    { step: sink },
  );
}
